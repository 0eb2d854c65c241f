package io.github.consistencydecoder.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.consistencydecoder.testing.SharedData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** POMs of what is published have what Maven Central and the users of a library ask for. */
class PublishedModulesTest {
  private static final Path ROOT = SharedData.inRepository(".");

  @Test
  void theParentSaysWhoWhereAndUnderWhichLicence() throws Exception {
    Element parent = pom("pom.xml");
    for (String wanted :
        List.of("name", "description", "url", "licenses", "developers", "scm", "modules")) {
      assertThat(child(parent, wanted)).as("<%s> of the root POM", wanted).isNotBlank();
    }
  }

  @Test
  void everyModuleHasItsOwnName() throws Exception {
    for (String module : modules()) {
      Element pom = pom(module + "/pom.xml");
      assertThat(child(pom, "artifactId")).as(module).startsWith("consistency-decoder-");
      assertThat(child(pom, "name")).as("<name> of " + module).isEqualTo(child(pom, "artifactId"));
      assertThat(child(pom, "description")).as("<description> of " + module).isNotBlank();
    }
  }

  @Test
  void theNameOfTheJavaModuleIsTheRootPackage() throws Exception {
    for (String module : modules()) {
      Path sources = ROOT.resolve(module).resolve("src/main/java/io/github/consistencydecoder");
      if (!Files.isDirectory(sources)) {
        continue;
      }
      try (Stream<Path> packages = Files.list(sources)) {
        assertThat(packages.map(p -> "io.github.consistencydecoder." + p.getFileName()))
            .as("packages of %s, and <module.name> in its POM", module)
            .containsExactly(child(pom(module + "/pom.xml"), "properties", "module.name"));
      }
    }
  }

  @Test
  void theBomListsWhatIsDeployed() throws Exception {
    List<String> deployed = new ArrayList<>();
    for (String module : modules()) {
      Element pom = pom(module + "/pom.xml");
      boolean jar = child(pom, "packaging") == null;
      if (jar && child(pom, "properties", "maven.deploy.skip") == null) {
        deployed.add(child(pom, "artifactId"));
      }
    }
    List<String> listed = new ArrayList<>();
    var artifacts = pom("bom/pom.xml").getElementsByTagName("artifactId");
    for (int k = 0; k < artifacts.getLength(); k++) {
      if (artifacts.item(k).getParentNode().getNodeName().equals("dependency")) {
        listed.add(artifacts.item(k).getTextContent());
      }
    }
    assertThat(listed).containsExactlyInAnyOrderElementsOf(deployed);
  }

  private static List<String> modules() throws Exception {
    return child(pom("pom.xml"), "modules").strip().lines().map(String::strip).toList();
  }

  private static Element pom(String name) throws Exception {
    Document document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(ROOT.resolve(name).toFile());
    return document.getDocumentElement();
  }

  /** Text of the element on this way down, or null. */
  private static String child(Node of, String... way) {
    Node at = of;
    for (String name : way) {
      Node found = null;
      for (Node next = at.getFirstChild(); next != null; next = next.getNextSibling()) {
        if (next.getNodeName().equals(name)) {
          found = next;
        }
      }
      if (found == null) {
        return null;
      }
      at = found;
    }
    return at.getTextContent();
  }
}

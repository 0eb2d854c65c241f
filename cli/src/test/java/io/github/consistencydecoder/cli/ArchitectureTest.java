package io.github.consistencydecoder.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.conditions.ArchConditions;

/** The arrows of the design: who may know whom. This module sees all others, so they are here. */
@AnalyzeClasses(
    packages = "io.github.consistencydecoder",
    importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoFixtures.class})
final class ArchitectureTest {
  /** What tests use of other modules. */
  static final class NoFixtures implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar")
          && !location.contains("io/github/consistencydecoder/testing/");
    }
  }

  private static final String ROOT = "io.github.consistencydecoder.";
  private static final String PLUGIN = ROOT + "plugin..";
  private static final String FORMATS = ROOT + "formats..";
  private static final String MODELS = ROOT + "models..";
  private static final String CORE = ROOT + "core..";
  private static final String COMPARE = ROOT + "compare..";
  private static final String CLI = ROOT + "cli..";
  private static final String PROTO = ROOT + "proto..";
  private static final String SERVER = ROOT + "server..";
  private static final String CLIENT = ROOT + "client..";

  /** As protoc names what it makes of the Open Inference Protocol. */
  private static final String INFERENCE = "inference..";

  @ArchTest
  static final ArchRule pluginApiKnowsTheJdkAlone =
      classes()
          .that()
          .resideInAPackage(PLUGIN)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(PLUGIN, "java..");

  @ArchTest
  static final ArchRule formatsKnowTheContractAloneOfOurModules =
      classes()
          .that()
          .resideInAPackage(FORMATS)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              FORMATS,
              PLUGIN,
              "java..",
              "com.sun.management..",
              "javax.imageio..",
              "org.apache.commons.imaging..",
              "org.w3c.dom..",
              "tools.jackson..");

  @ArchTest
  static final ArchRule modelsKnowNeitherRunningNorTheCommand =
      noClasses()
          .that()
          .resideInAPackage(MODELS)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CORE, CLI);

  @ArchTest
  static final ArchRule networksDoNotKnowTheStore =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "models.network..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + "models.store..");

  @ArchTest
  static final ArchRule theStoreDoesNotKnowNetworks =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "models.store..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + "models.network..");

  @ArchTest
  static final ArchRule packagesOfTheStoreHaveNoCycles =
      slices().matching(ROOT + "models.store.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule packagesOfNetworksHaveNoCycles =
      slices().matching(ROOT + "models.network.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule compareKnowsTheContractAndFormatsAloneOfOurModules =
      classes()
          .that()
          .resideInAPackage(COMPARE)
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage(COMPARE, PLUGIN, FORMATS)
                  .or(
                      JavaClass.Predicates.resideOutsideOfPackages(
                          ROOT + ".", "ai.onnxruntime..", "com.google.protobuf..")));

  @ArchTest
  static final ArchRule nobodyKnowsTheCommand =
      noClasses()
          .that()
          .resideOutsideOfPackage(CLI)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(CLI);

  @ArchTest
  static final ArchRule onlyDecoderCoreKnowsTheRuntime =
      noClasses()
          .that()
          .resideOutsideOfPackage(CORE)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.onnxruntime..");

  @ArchTest
  static final ArchRule runtimeTypesStayInOnePackage =
      noClasses()
          .that(
              resideInAPackage(CORE)
                  .and(JavaClass.Predicates.resideOutsideOfPackage(ROOT + "core.runtime..")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.onnxruntime..");

  @ArchTest
  static final ArchRule onlyModelsAndTheForecastKnowProtobuf =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              MODELS, ROOT + "core.forecast..", PROTO, INFERENCE, SERVER, CLIENT)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("com.google.protobuf..", ROOT + "models.network.onnx.proto.."));

  @ArchTest
  static final ArchRule serverKnowsTheContractFormatsCompareAndTheProtocolAloneOfOurModules =
      classes()
          .that()
          .resideInAPackage(SERVER)
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage(SERVER, PLUGIN, FORMATS, PROTO, COMPARE)
                  .or(
                      JavaClass.Predicates.resideOutsideOfPackages(
                          ROOT + ".", "ai.onnxruntime..")));

  @ArchTest
  static final ArchRule coreOfTheServerKnowsNoEndpointAndNoEndpointTheOther =
      noClasses()
          .that()
          .resideInAnyPackage(
              ROOT + "server.request..", ROOT + "server.models..", ROOT + "server.queue..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              ROOT + "server.http..", ROOT + "server.grpc..", "org.eclipse.jetty..", "io.grpc..");

  @ArchTest
  static final ArchRule endpointsDoNotKnowEachOther =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "server.http..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(ROOT + "server.grpc..", "io.grpc..", "io.netty..");

  @ArchTest
  static final ArchRule librariesDoNotPrintOrExit =
      noClasses()
          .that()
          .resideOutsideOfPackage(CLI)
          .should(ArchConditions.callMethod(System.class, "exit", int.class))
          .orShould(ArchConditions.accessField(System.class, "out"))
          .orShould(ArchConditions.accessField(System.class, "err"));

  @ArchTest
  static final ArchRule onlyTheCommandKnowsItsLibraries =
      noClasses()
          .that()
          .resideOutsideOfPackage(CLI)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("picocli..", "me.tongfei..", "ch.qos.logback..");

  @ArchTest
  static final ArchRule onlyFormatsKnowPictureFiles =
      noClasses()
          .that()
          .resideOutsideOfPackage(FORMATS)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.commons.imaging..", "javax.imageio..");

  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching(ROOT + "(**)").should().beFreeOfCycles();
}

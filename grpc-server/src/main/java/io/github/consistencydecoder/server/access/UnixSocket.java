package io.github.consistencydecoder.server.access;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket in a folder that only its owner may enter. A socket that nobody serves any more is
 * replaced; one that is served is left alone.
 */
public final class UnixSocket {
  private static final Logger LOG = LoggerFactory.getLogger(UnixSocket.class);
  private static final Set<PosixFilePermission> OWNER =
      Set.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  /** What the address structure of Linux and macOS holds, the end's zero left out. */
  private static final int LONGEST = 103;

  /** The socket is made beside its place and moved there when it listens. */
  private static final String UNFINISHED = ".new";

  private final Path path;
  private Object key;

  private UnixSocket(Path path) {
    this.path = path;
  }

  /**
   * Makes the folder and removes what is left of a process that has gone.
   *
   * @throws AccessException if the socket cannot be there: its path is too long, its folder is open
   *     to others, something else is in its place, or another process serves it
   */
  public static UnixSocket prepare(Path wanted) throws AccessException {
    Path path = wanted.toAbsolutePath().normalize();
    if ((path + UNFINISHED).getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      throw new AccessException(
          "the path of the socket %s is longer than %s bytes"
              .formatted(path, LONGEST - UNFINISHED.length()));
    }
    try {
      folder(path);
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        checkReplaceable(path);
      }
      Files.deleteIfExists(unfinished(path));
    } catch (IOException e) {
      throw new AccessException("the socket " + path + " cannot be prepared", e);
    }
    return new UnixSocket(path);
  }

  private static void folder(Path path) throws IOException, AccessException {
    Path folder = path.getParent();
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNER));
    }
    Set<PosixFilePermission> permissions =
        Files.readAttributes(folder, PosixFileAttributes.class).permissions();
    Set<PosixFilePermission> others = EnumSet.copyOf(permissions);
    others.removeAll(OWNER);
    if (!others.isEmpty()) {
      throw new AccessException(
          ("the folder %s of the socket is open to others (%s): name one that does not"
                  + " exist yet, or take their rights away (chmod 700)")
              .formatted(folder, PosixFilePermissions.toString(permissions)));
    }
  }

  private static Path unfinished(Path path) {
    return path.resolveSibling(path.getFileName() + UNFINISHED);
  }

  private static void checkReplaceable(Path path) throws IOException, AccessException {
    BasicFileAttributes found =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!found.isOther()) {
      throw new AccessException(path + " is there already and is no socket");
    }
    if (answers(path)) {
      throw new AccessException(
          "another process serves the socket " + path + "; stop it or choose another path");
    }
    LOG.info("the socket of a process that has gone is replaced");
  }

  private static boolean answers(Path path) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException e) {
      return false;
    }
  }

  /** Absolute. */
  public Path path() {
    return path;
  }

  /**
   * Where the server binds. Not the path itself: the transport deletes at its end whatever is
   * there, and until it listens callers should find what was there before.
   */
  public Path bindingPath() {
    return unfinished(path);
  }

  /** Puts the socket in its place; called when the server listens. */
  public void bound() throws IOException {
    Path bound = bindingPath();
    Files.setPosixFilePermissions(
        bound, Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
    key = Files.readAttributes(bound, BasicFileAttributes.class).fileKey();
    Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Removes the socket, unless another one has taken its place. */
  public void remove() {
    try {
      if (key != null
          && Files.exists(path, LinkOption.NOFOLLOW_LINKS)
          && key.equals(Files.readAttributes(path, BasicFileAttributes.class).fileKey())) {
        Files.delete(path);
      }
      key = null;
    } catch (IOException e) {
      LOG.warn("the socket {} could not be removed", path, e);
    }
  }
}

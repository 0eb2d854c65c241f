package io.github.consistencydecoder.models.store.download;

import java.net.URI;

/** Where a server may send a download on to. */
final class Redirects {
  /** The hub needs two; a chain longer than this is a loop or a trap. */
  static final int MOST = 8;

  private Redirects() {}

  static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  /**
   * The address to follow to.
   *
   * @param from the address that was asked
   * @param location what it answered, possibly relative
   * @throws FetchException if the target is not to be followed
   */
  static URI next(URI from, String location) throws FetchException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw FetchException.refused(from, "redirects to '" + location + "', which is no address", e);
    }
    String scheme = to.getScheme();
    boolean http = "https".equals(scheme) || "http".equals(scheme);
    if (!http || to.getHost() == null) {
      throw FetchException.refused(from, "redirects to '" + to + "', needed http or https", null);
    }
    if ("https".equals(from.getScheme()) && "http".equals(scheme)) {
      throw FetchException.refused(
          from, "redirects from https to http (" + to.getHost() + "), which is not followed", null);
    }
    return to;
  }
}

package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Looks up and opens plugins of every kind. A plugin that breaks its contract is named and passed
 * over: it harms nobody who did not ask for it.
 *
 * @param type the provider interface
 * @param noun what such a provider opens, as messages call it
 * @param name asks a provider for its name
 * @param availability asks a provider whether it can work here
 * @param opening asks a provider to open what it is for
 * @param info asks what was opened what it is
 */
record Providers<P, T extends AutoCloseable>(
    Class<P> type,
    String noun,
    Function<P, String> name,
    Function<P, Availability> availability,
    BiFunction<P, DecoderConfig, T> opening,
    Function<T, DecoderInfo> info) {
  /** A class loader that only fails must not be asked for ever. */
  private static final int MOST_PROBLEMS = 100;

  /**
   * What a search found.
   *
   * @param byName the providers that keep their contract so far, by name
   * @param problems a sentence for each plugin that was passed over
   */
  record Found<P>(TreeMap<String, P> byName, List<String> problems) {
    List<P> providers() {
      return List.copyOf(byName.values());
    }
  }

  /** What the context class loader finds, or ours where there is none. */
  Found<P> find() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return find(loader == null ? Providers.class.getClassLoader() : loader);
  }

  /** What this class loader finds. The first of two with one name wins. */
  Found<P> find(ClassLoader loader) {
    Found<P> found = new Found<>(new TreeMap<>(), new ArrayList<>());
    var providers = ServiceLoader.load(type, requireNonNull(loader, "loader")).iterator();
    while (found.problems().size() < MOST_PROBLEMS) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        add(providers.next(), found);
      } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
        found.problems().add(noun + " plugin passed over: " + said(e));
      }
    }
    return found;
  }

  private void add(P provider, Found<P> found) {
    String plugin = provider.getClass().getName();
    String problem;
    try {
      String called = name.apply(provider);
      P first = called == null || called.isBlank() ? null : found.byName().get(called);
      if (called == null || called.isBlank()) {
        problem = "it has no name";
      } else if (first != null) {
        problem = "its name '" + called + "' is that of " + first.getClass().getName();
      } else {
        found.byName().put(called, provider);
        return;
      }
    } catch (LinkageError | RuntimeException e) {
      problem = "its name cannot be asked for: " + said(e);
    }
    found.problems().add(noun + " plugin " + plugin + " passed over: " + problem);
  }

  /** Whether a provider can work here; one that does not answer cannot. */
  Availability availabilityOf(P provider) {
    String answer;
    try {
      Availability found = availability.apply(provider);
      if (found != null) {
        return found;
      }
      answer = "nothing";
    } catch (LinkageError | RuntimeException e) {
      answer = said(e);
    }
    return new Availability(
        false,
        ("its plugin %s is broken: asked whether it can work here, it" + " answered with %s")
            .formatted(provider.getClass().getName(), answer));
  }

  /** The one of that name. */
  P named(String wanted) {
    requireNonNull(wanted, "name");
    Found<P> found = find();
    P provider = found.byName().get(wanted);
    if (provider != null) {
      return provider;
    }
    String there =
        found.byName().isEmpty()
            ? "no " + noun + " is on the class path: add decoder-core or another plugin"
            : "there are: " + String.join(", ", found.byName().keySet());
    String problems = found.problems().isEmpty() ? "" : "; " + String.join("; ", found.problems());
    throw new DecoderException(
        DecoderErrorCode.UNKNOWN_DECODER,
        "no " + noun + " is called '" + wanted + "'; " + there + problems);
  }

  /** Opens the one of that name, if it can work here; the caller closes it. */
  T open(String wanted, DecoderConfig config) {
    requireNonNull(config, "config");
    P provider = named(wanted);
    Availability found = availabilityOf(provider);
    if (!found.available()) {
      throw new DecoderException(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          noun + " '" + wanted + "' cannot work here: " + found.reason());
    }
    T opened = null;
    try {
      opened = opening.apply(provider, config);
      if (opened != null && info.apply(opened) != null) {
        return opened;
      }
    } catch (DecoderException | UncheckedIOException e) {
      throw e;
    } catch (LinkageError | RuntimeException e) {
      throw broken(wanted, provider, said(e), e);
    }
    DecoderException broken = broken(wanted, provider, "nothing", null);
    if (opened != null) {
      try {
        opened.close();
      } catch (Exception e) {
        broken.addSuppressed(e);
      }
    }
    throw broken;
  }

  private DecoderException broken(String wanted, P provider, String answer, Throwable cause) {
    return new DecoderException(
        DecoderErrorCode.RUNTIME_FAILED,
        "%s '%s' cannot be opened: its plugin %s answered with %s"
            .formatted(noun, wanted, provider.getClass().getName(), answer),
        cause);
  }

  /** With the cause, which is where class loading says what it missed. */
  private static String said(Throwable e) {
    String what = e instanceof ServiceConfigurationError ? e.getMessage() : e.toString();
    return e.getCause() == null ? what : what + " (" + e.getCause() + ")";
  }
}

package io.github.consistencydecoder.plugin;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * How every kind of plugin is looked up.
 *
 * @param type the provider interface
 * @param article of {@code noun}
 * @param noun what such a provider opens, as messages call it
 * @param name asks a provider for its name
 * @param availability asks a provider whether it can work here
 */
record Providers<P>(
    Class<P> type,
    String article,
    String noun,
    Function<P, String> name,
    Function<P, Availability> availability) {

  /** All that the context class loader finds, or ours where there is none. */
  List<P> all() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return all(loader == null ? Providers.class.getClassLoader() : loader);
  }

  /** All that this class loader finds, sorted by name. The first of two with one name wins. */
  List<P> all(ClassLoader loader) {
    TreeMap<String, P> found = new TreeMap<>();
    var providers = ServiceLoader.load(type, requireNonNull(loader, "loader")).iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          return List.copyOf(found.values());
        }
        P provider = providers.next();
        found.putIfAbsent(
            requireNonNull(
                name.apply(provider), () -> "the name of " + provider.getClass().getName()),
            provider);
      } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
        throw new DecoderException(
            DecoderErrorCode.UNKNOWN_DECODER,
            article + " " + noun + " plugin on the class path is broken: " + e.getMessage(),
            e);
      }
    }
  }

  /** The one of that name. */
  P named(String wanted) {
    requireNonNull(wanted, "name");
    List<String> names = new ArrayList<>();
    for (P provider : all()) {
      if (name.apply(provider).equals(wanted)) {
        return provider;
      }
      names.add(name.apply(provider));
    }
    throw new DecoderException(
        DecoderErrorCode.UNKNOWN_DECODER,
        "no "
            + noun
            + " is called '"
            + wanted
            + "'; "
            + (names.isEmpty()
                ? "no " + noun + " is on the class path: add decoder-core or another plugin"
                : "there are: " + String.join(", ", names)));
  }

  /** The one of that name, if it can work here. */
  P usable(String wanted) {
    P provider = named(wanted);
    Availability found = availability.apply(provider);
    if (!found.available()) {
      throw new DecoderException(
          DecoderErrorCode.DEVICE_UNAVAILABLE,
          noun + " '" + wanted + "' cannot work here: " + found.reason());
    }
    return provider;
  }
}

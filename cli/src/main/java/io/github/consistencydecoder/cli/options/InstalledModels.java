package io.github.consistencydecoder.cli.options;

import io.github.consistencydecoder.models.store.ModelStore;
import io.github.consistencydecoder.models.store.StoredModel;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry;
import io.github.consistencydecoder.models.store.catalogue.CatalogueEntry.ModelKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The models of the catalogue that are in the store, for commands that choose one themselves. */
public final class InstalledModels {
  /** Of the consistency decoders, the layout that has the VAE's encoder beside it. */
  private static final String WITH_ENCODER = "consistency-decoder-diffusers";

  private final List<CatalogueEntry> installed;

  private InstalledModels(List<CatalogueEntry> installed) {
    this.installed = installed;
  }

  /** Looks into a store. */
  public static InstalledModels of(ModelStore store) {
    try {
      return new InstalledModels(
          store.list().stream()
              .filter(model -> model.state() == StoredModel.State.INSTALLED)
              .map(StoredModel::entry)
              .toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The first Stable Diffusion VAE of the catalogue that is there. */
  public Optional<String> vae() {
    return first(entry -> entry.kind() == ModelKind.VAE);
  }

  /** The first model of the catalogue with the VAE's encoder that is there. */
  public Optional<String> vaeEncoder() {
    return vae().or(() -> first(entry -> entry.id().equals(WITH_ENCODER)));
  }

  /** TAESD, if it is there. */
  public Optional<String> taesd() {
    return first(entry -> entry.kind() == ModelKind.TAESD);
  }

  /** The first consistency decoder of the catalogue that is there, the bundled preview aside. */
  public Optional<String> consistency() {
    return first(entry -> entry.kind() == ModelKind.CONSISTENCY_DECODER && !entry.bundled());
  }

  private Optional<String> first(Predicate<CatalogueEntry> wanted) {
    return installed.stream().filter(wanted).map(CatalogueEntry::id).findFirst();
  }
}

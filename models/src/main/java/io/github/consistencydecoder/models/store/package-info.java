/**
 * The store of models on disk: installed, imported and bundled ones.
 *
 * <p>Entry points are {@link io.github.consistencydecoder.models.store.ModelStore} and {@link
 * io.github.consistencydecoder.models.store.catalogue.Catalogue}. Everything here may be used by
 * several threads and, for the files, by several processes at once.
 */
package io.github.consistencydecoder.models.store;

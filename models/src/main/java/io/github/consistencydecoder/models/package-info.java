/**
 * What a model is: the catalogue of published models and the store that keeps them on disk.
 *
 * <p>Entry points are {@link io.github.consistencydecoder.models.ModelStore} and {@link
 * io.github.consistencydecoder.models.Catalogue}. Everything here may be used by several threads
 * and, for the files, by several processes at once.
 */
package io.github.consistencydecoder.models;

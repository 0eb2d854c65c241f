/**
 * The folder in which opened networks are kept from one start to the next: what is in it, who uses
 * it, and how it is cleaned. {@link io.github.consistencydecoder.models.store.cache.CacheContents}
 * lists, {@link io.github.consistencydecoder.models.store.cache.CacheCleaning} removes, {@link
 * io.github.consistencydecoder.models.store.cache.EntryCheck} compares with the checksums.
 *
 * <p>Safe for use by several threads and by several processes at once. Below the folder:
 *
 * <pre>
 * graphs/NAME/         a network's graph or weights, NAME the shortened SHA-256 of its key
 * graphs/.building-ID  one that is being made
 * graphs/.old-ID       one that is being removed
 * uses/NAME.json       of which files it was made; its modification time is that of the last use
 * uses/lock            empty; a process locks in it the names that it uses, makes or removes
 * </pre>
 */
package io.github.consistencydecoder.models.store.cache;

/** Folders of the store, its lock, and the room and the faults of its disk. */
package io.github.consistencydecoder.models.store.disk;

/** SHA-256 digests of files, remembered as long as a file does not change. */
package io.github.consistencydecoder.models.store.digests;

/**
 * Writes decoded pictures: what the files are called, what is in them, and that a name only ever
 * leads to a complete file. Classes here keep no state.
 */
package io.github.consistencydecoder.cli.pictures;

/**
 * Photographs on their way to an encoder: which files they are, and how they are brought to a size
 * that can be encoded. Classes here keep no state.
 */
package io.github.consistencydecoder.cli.photographs;

/**
 * The zip archives of {@code torch.save} and {@code torch.jit.save}, read without executing
 * anything that is in them.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.formats.archive.TorchArchive}. Classes here
 * keep no state between calls.
 */
package io.github.consistencydecoder.formats.archive;

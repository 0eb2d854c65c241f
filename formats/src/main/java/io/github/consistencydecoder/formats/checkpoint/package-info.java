/**
 * Opens checkpoints: safetensors, also sharded by an index file, and the archives of {@code
 * torch.save} and {@code torch.jit.save}.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.formats.checkpoint.Checkpoints}. An open
 * checkpoint may be read by several threads.
 */
package io.github.consistencydecoder.formats.checkpoint;

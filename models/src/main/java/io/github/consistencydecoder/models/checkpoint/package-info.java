/**
 * Reads checkpoints: safetensors, also sharded by an index file, and the zip archives of {@code
 * torch.save} and {@code torch.jit.save}, without executing anything that is in them.
 *
 * <p>Entry point: {@link io.github.consistencydecoder.models.checkpoint.Checkpoints}. An open
 * checkpoint may be read by several threads.
 */
package io.github.consistencydecoder.models.checkpoint;

/**
 * Tensor files: what a tensor is, and the readers and writers of safetensors and {@code .npy}. A
 * file is checked in a fixed order before any of its tensors is believed.
 *
 * <p>Classes here keep no state, readers of JSON text apart.
 */
package io.github.consistencydecoder.formats.tensors;

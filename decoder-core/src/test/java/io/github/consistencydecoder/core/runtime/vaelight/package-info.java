/**
 * VAElight, a small published approximation of the SD 1.x VAE, as encoder and decoder of the name
 * {@code vaelight}: a baseline for tests, found where the shared data lie beside the repository.
 * What is opened may be used by several threads at once.
 *
 * <p>It runs its author's own graphs, which is why it is below the runtime's package and why no
 * product has it.
 */
package io.github.consistencydecoder.core.runtime.vaelight;

/**
 * Files of latents and noise. Everything in a file is checked before it is believed; what is wrong
 * is said in one line.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.formats.latents.LatentsFile} and {@link
 * io.github.consistencydecoder.formats.latents.LatentsWriter}. Classes here keep no state.
 */
package io.github.consistencydecoder.formats.latents;

/**
 * The command {@code encode}, which turns photographs into latents. One thread; the encoder is
 * opened once for all inputs.
 */
package io.github.consistencydecoder.cli.encode;

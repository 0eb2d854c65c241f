/**
 * The command {@code compare}: the same latents through several decoders, or pictures that were
 * decoded elsewhere, side by side. One thread; decoders, encoder and metric are opened once for all
 * inputs.
 */
package io.github.consistencydecoder.cli.compare;

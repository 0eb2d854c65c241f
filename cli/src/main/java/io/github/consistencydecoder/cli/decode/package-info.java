/**
 * The commands that turn latents into pictures, {@code decode} and {@code demo}. One thread; the
 * decoder is opened once for all inputs.
 */
package io.github.consistencydecoder.cli.decode;

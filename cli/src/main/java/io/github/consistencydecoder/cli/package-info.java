/**
 * The command {@code consistency-decoder}: {@code decode}, {@code models}, {@code doctor}, {@code
 * bench} and {@code demo}. Entry point: {@link io.github.consistencydecoder.cli.Main}. One thread
 * runs a command; signals arrive on another.
 */
package io.github.consistencydecoder.cli;

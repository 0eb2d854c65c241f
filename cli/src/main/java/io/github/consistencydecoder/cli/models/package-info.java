/**
 * The commands {@code models}, {@code cache} and {@code export}, each one call on the model store,
 * its cache or the engine. One thread; nothing is kept between commands.
 */
package io.github.consistencydecoder.cli.models;

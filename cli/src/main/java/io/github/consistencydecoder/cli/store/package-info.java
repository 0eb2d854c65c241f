/**
 * The command {@code models} and its parts, each one call on the model store. One thread; nothing
 * is kept between commands.
 */
package io.github.consistencydecoder.cli.store;

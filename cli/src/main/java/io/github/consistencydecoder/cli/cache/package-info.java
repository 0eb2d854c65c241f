/**
 * The command {@code cache}: what is kept to make later starts quick, and how it is cleaned. One
 * thread; nothing is kept between commands.
 */
package io.github.consistencydecoder.cli.cache;

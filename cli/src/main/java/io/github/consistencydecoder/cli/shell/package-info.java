/**
 * What all commands share with the shell they run in: words, exit codes, progress, signals.
 * Commands run on one thread; the classes here may be used by several.
 */
package io.github.consistencydecoder.cli.shell;

/**
 * What the files are called that a command writes, which existing ones it may replace, and what is
 * in them. A name only ever leads to a complete file.
 */
package io.github.consistencydecoder.cli.output;

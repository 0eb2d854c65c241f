/** What the files are called that a command writes, and which existing ones it may replace. */
package io.github.consistencydecoder.cli.outputs;

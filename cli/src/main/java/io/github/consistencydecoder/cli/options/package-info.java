/** Groups of options that several commands have. Filled by picocli before a command runs. */
package io.github.consistencydecoder.cli.options;

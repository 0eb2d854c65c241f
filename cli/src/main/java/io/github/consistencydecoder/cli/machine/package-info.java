/** {@code bench} and {@code doctor}: what this machine has, and how fast a decoder is on it. */
package io.github.consistencydecoder.cli.machine;

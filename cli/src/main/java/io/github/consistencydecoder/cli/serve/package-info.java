/** {@code serve}: the sidecar as a process of its own. */
package io.github.consistencydecoder.cli.serve;

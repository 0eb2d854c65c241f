/** What clients may do to a server that runs in a process of its own. */
package io.github.consistencydecoder.server.hostile;

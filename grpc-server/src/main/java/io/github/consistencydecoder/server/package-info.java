/**
 * The sidecar as a whole: {@link io.github.consistencydecoder.server.Sidecar} puts the service and
 * its endpoints together, starts them, drains them and closes them in the right order.
 */
package io.github.consistencydecoder.server;

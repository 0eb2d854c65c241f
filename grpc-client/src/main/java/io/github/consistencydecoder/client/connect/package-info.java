/**
 * From a configuration to a channel: where the service is, how it is reached and with which
 * credentials.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.client.connect.RemoteSettings} and {@link
 * io.github.consistencydecoder.client.connect.ServiceConnection}. Everything here may be used by
 * several threads at once.
 */
package io.github.consistencydecoder.client.connect;

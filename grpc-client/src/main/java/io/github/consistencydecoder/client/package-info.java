/**
 * The provider {@code remote}: decoders and encoders that work on a decode service, over gRPC. To a
 * caller they are what the same models in this process are: the same bytes, steps, warnings and
 * errors.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.client.RemoteDecoderProvider} and {@link
 * io.github.consistencydecoder.client.RemoteEncoderProvider}. Everything here may be used by
 * several threads at once.
 */
package io.github.consistencydecoder.client;

/**
 * The gRPC endpoint: our own service, the Open Inference Protocol, health, reflection and channelz
 * over TCP and a Unix socket. {@link io.github.consistencydecoder.server.grpc.GrpcEndpoint} is the
 * entry. Translates between the wire and the service's core and decides nothing else.
 */
package io.github.consistencydecoder.server.grpc;

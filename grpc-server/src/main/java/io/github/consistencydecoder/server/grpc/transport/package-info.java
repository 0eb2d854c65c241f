/**
 * What stands between the network and the services: frames are judged before gRPC sees them, bytes
 * are counted before they are parsed, messages are parsed so that nonsense is the caller's error
 * and never ours. Safe for use by several threads.
 */
package io.github.consistencydecoder.server.grpc.transport;

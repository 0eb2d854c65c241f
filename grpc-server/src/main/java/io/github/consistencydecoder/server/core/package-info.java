/**
 * The service itself, without a transport: admission, queue, lanes, deadlines, cancellation, ledger
 * and readiness. Knows neither gRPC nor HTTP; the doors translate.
 */
package io.github.consistencydecoder.server.core;

/**
 * The service itself, without a transport: admission, queue, lanes, deadlines, cancellation, ledger
 * and readiness. Knows neither gRPC nor HTTP; the endpoints translate.
 */
package io.github.consistencydecoder.server.core;

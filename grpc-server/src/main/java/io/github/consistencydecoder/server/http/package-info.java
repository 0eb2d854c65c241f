/**
 * The HTTP endpoint: the Remote VAE protocol of diffusers, metrics, health and a small page, on
 * Jetty. Entry point: {@link io.github.consistencydecoder.server.http.HttpEndpoint}. Nothing here
 * waits for a decode: a request's thread leaves when its call has been accepted, and whoever
 * finishes the call writes the answer.
 */
package io.github.consistencydecoder.server.http;

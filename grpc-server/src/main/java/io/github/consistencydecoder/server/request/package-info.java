/**
 * What callers ask, whatever the wire: tensors, pictures and options read into one request, the
 * rules that judge them, and why one is refused. Every refusal is a {@code ServiceException} that
 * names the field as its endpoint calls it. Stateless; safe for use by several threads.
 */
package io.github.consistencydecoder.server.request;

/**
 * What both endpoints share: tensors and pictures as bytes, and the rules by which a request
 * becomes latents, noise and a schedule. Every refusal is a {@code ServiceException} that names the
 * field as its endpoint calls it. Stateless; safe for use by several threads.
 */
package io.github.consistencydecoder.server.wire;

/**
 * Tensors in files that come as a request's body: {@code .npy} and safetensors. Everything is
 * checked before anything is allocated; the only outcomes are a value and a {@link
 * io.github.consistencydecoder.server.core.ServiceException}.
 */
package io.github.consistencydecoder.server.http.body;

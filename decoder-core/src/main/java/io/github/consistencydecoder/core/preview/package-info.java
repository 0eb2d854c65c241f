/**
 * The linear preview: what a latent shows at a glance, without a model. Entry point: the provider
 * {@code preview}. What it opens may be used by several threads at once.
 */
package io.github.consistencydecoder.core.preview;

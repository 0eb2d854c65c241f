/**
 * From a configuration to an open checkpoint: what is shared by everything that opens a model.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.core.opening.ModelSettings} and {@link
 * io.github.consistencydecoder.core.opening.OpenModel}. Everything here may be used by several
 * threads at once.
 */
package io.github.consistencydecoder.core.opening;

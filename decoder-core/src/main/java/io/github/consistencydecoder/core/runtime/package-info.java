/**
 * The only package that knows ONNX Runtime. Its types never leave it: what goes in and out are
 * buffers, paths and values of the plugin API.
 */
package io.github.consistencydecoder.core.runtime;

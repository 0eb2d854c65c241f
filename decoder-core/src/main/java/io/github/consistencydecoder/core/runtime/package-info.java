/**
 * ONNX Runtime: its library, devices, sessions, and the runs of a network. With {@link
 * io.github.consistencydecoder.core.runtime.graphs} the only package that knows it. Its types never
 * leave the two: what goes in and out are buffers, paths and values of the plugin API.
 */
package io.github.consistencydecoder.core.runtime;

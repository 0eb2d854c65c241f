/** Runs consistency decoders on ONNX Runtime; only this module knows the runtime. */
package io.github.consistencydecoder.core;

/**
 * What tells whether this machine, this runtime and a model work as they should.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.core.diagnostics.SelfTest} and {@link
 * io.github.consistencydecoder.core.diagnostics.RuntimeReport}. One thread a test.
 */
package io.github.consistencydecoder.core.diagnostics;

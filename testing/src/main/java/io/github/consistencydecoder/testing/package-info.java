/**
 * What tests of several modules share: the contracts of decoder and encoder, fakes that do what
 * they are told, builders of tensor files, and waiting. Of our modules it knows plugin-api alone.
 */
package io.github.consistencydecoder.testing;

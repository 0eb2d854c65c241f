/** The provider {@code remote}: a {@code LatentDecoder} over the wire. */
package io.github.consistencydecoder.client;

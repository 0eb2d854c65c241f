/**
 * Pictures as bytes, and the files they come from and go to.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.formats.pictures.Picture}, {@link
 * io.github.consistencydecoder.formats.pictures.PictureReader} and {@link
 * io.github.consistencydecoder.formats.pictures.PictureWriter}. Values are immutable and may be
 * shared between threads; readers and writers hold no state.
 */
package io.github.consistencydecoder.formats.pictures;

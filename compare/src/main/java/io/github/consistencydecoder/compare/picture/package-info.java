/**
 * Pictures as bytes, and the files they come from and go to.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.compare.picture.Picture}, {@link
 * io.github.consistencydecoder.compare.picture.PictureReader} and {@link
 * io.github.consistencydecoder.compare.picture.PictureWriter}. Values are immutable and may be
 * shared between threads; readers and writers hold no state.
 */
package io.github.consistencydecoder.compare.picture;

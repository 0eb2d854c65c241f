/**
 * Pictures of any size with the memory of one tile: overlapping tiles that share the norms'
 * statistics and one field of noise, blended after every step. Nearly the same picture as the whole
 * one.
 *
 * <p>Entry points: {@link io.github.consistencydecoder.core.tiles.TilePlan} and {@link
 * io.github.consistencydecoder.core.tiles.Tiles}. Everything here may be used by several threads at
 * once.
 */
package io.github.consistencydecoder.core.tiles;

package io.github.consistencydecoder.models.network.graph;

/**
 * A tensor between two stages of an evaluation in bands.
 *
 * @param id its place in the order in which tensors are made, from 0
 * @param channels of it
 * @param level 0 for full resolution; height and width are the picture's, halved that many times
 */
public record BandTensor(int id, int channels, int level) {}

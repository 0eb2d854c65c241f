package io.github.consistencydecoder.compare.report;

/**
 * An input that could not be compared.
 *
 * @param name of the input
 * @param reason one sentence
 */
public record Failure(String name, String reason) {}

/**
 * LPIPS, a distance between pictures that a network sees. Entry point: the provider {@code
 * lpips-squeeze}. What it opens may be used by several threads at once.
 */
package io.github.consistencydecoder.core.lpips;

/**
 * What the demo shows: latents and photograph that come with the program, and the report that
 * compares what decoders make of them. Entry points: {@link
 * io.github.consistencydecoder.cli.demo.Sample} and {@link
 * io.github.consistencydecoder.cli.demo.DemoReport}.
 */
package io.github.consistencydecoder.cli.demo;

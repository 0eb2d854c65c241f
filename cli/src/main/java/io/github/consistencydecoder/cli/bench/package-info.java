/** {@code bench}: how fast a decoder is here. One thread, nothing kept between runs. */
package io.github.consistencydecoder.cli.bench;

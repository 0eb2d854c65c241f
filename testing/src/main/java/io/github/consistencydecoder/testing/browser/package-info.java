/** A real browser for the tests of pages. Entry point: {@code Chromium}. */
package io.github.consistencydecoder.testing.browser;

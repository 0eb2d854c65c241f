/** Known pixels: the part of a picture that is decoded, and how it is joined with the rest. */
package io.github.consistencydecoder.core.keep;

/** Small tools for files and their bytes. Classes here keep no state. */
package io.github.consistencydecoder.formats.io;

/** Files that appear whole or not at all. */
package io.github.consistencydecoder.models.files;

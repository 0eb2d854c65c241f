package io.github.consistencydecoder.server.access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/** What a file looks like from outside; another look is another content. */
record FileLook(FileTime modified, long size, Object key) {
  static FileLook at(Path file) throws IOException {
    BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
    return new FileLook(a.lastModifiedTime(), a.size(), String.valueOf(a.fileKey()));
  }
}

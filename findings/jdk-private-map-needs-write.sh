#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The JDK maps a file privately only through a channel that is open for writing, though no write would reach the file;
# so a file that a process may only read can't be mapped so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >PrivateMap.java <<'END'
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

class PrivateMap {
  public static void main(String[] args) throws Exception {
    System.out.println("JDK " + Runtime.version());
    Path file = Files.write(Path.of("weights"), new byte[4096]);
    try (FileChannel reader = FileChannel.open(file)) {
      reader.map(MapMode.PRIVATE, 0, 4096);
      throw new AssertionError("mapped privately, open for reading");
    } catch (NonWritableChannelException e) {
      System.out.println("open for reading: " + e);
    }
    try (FileChannel writer =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      writer.map(MapMode.PRIVATE, 0, 4096).put(0, (byte) 1);
    }
    System.out.println("open for writing: mapped; first byte of the file after a write to the mapping: "
        + Files.readAllBytes(file)[0]);
    if (Files.readAllBytes(file)[0] != 0) {
      throw new AssertionError("the write reached the file");
    }
  }
}
END
"${JAVA_HOME:+$JAVA_HOME/bin/}java" PrivateMap.java

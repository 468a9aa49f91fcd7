// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.backend.posix.libc.FilteredCalls;
import io.fastsafetensors.spi.LoadedRanges;
import io.fastsafetensors.testkit.SampleFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Loads a file while some system calls fail, and prints how. */
public final class FilteredLoad {
  private FilteredLoad() {}

  /** Takes the file, the seed of its bytes, the path, an errno, and the calls that fail. */
  public static void main(String[] args) throws IOException {
    List<String> calls = List.of(args).subList(4, args.length);
    if (!calls.isEmpty()) {
      FilteredCalls.refuse(calls, Integer.parseInt(args[3]));
    }
    Path path = Path.of(args[0]);
    try (Loads loads = new Loads()) {
      loads.path = AccessPath.valueOf(args[2]);
      LoadedRanges loaded =
          loads.check(new SampleFile(path, Files.size(path), Integer.parseInt(args[1])));
      System.out.println(loaded.stats().bytesByPath().keySet() + " " + loaded.stats().reason());
    }
  }
}

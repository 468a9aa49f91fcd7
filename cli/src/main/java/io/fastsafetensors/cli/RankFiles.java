// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * The files that one rank reads.
 *
 * @param rank the rank
 * @param files its files
 */
record RankFiles(int rank, List<Path> files) {
  /** Reads {@code R=PATH,...}. */
  static final class Converter implements ITypeConverter<RankFiles> {
    @Override
    public RankFiles convert(String text) {
      int equals = text.indexOf('=');
      if (equals < 0 || !text.substring(0, equals).matches("[0-9]{1,9}")) {
        throw new TypeConversionException(
            "'" + text + "': want RANK=PATH,... as in 0=a.safetensors,b.safetensors");
      }
      return new RankFiles(
          Integer.parseInt(text.substring(0, equals)),
          Arrays.stream(text.substring(equals + 1).split(",")).map(Path::of).toList());
    }
  }
}

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A stored entry read through the JDK's zip file system: skip() before the first read gives bytes from another place,
# of the archive's first entry without an error. Models in archives are stored, and headers are what is skipped.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
java=$(ls -d /usr/lib/jvm/*25*/bin/java 2>/dev/null | head -1)
cat >"$work/ZipSkip.java" <<'END'
import java.io.InputStream;
import java.nio.file.*;
import java.util.*;
import java.util.zip.*;

public class ZipSkip {
  static final int SKIP = 1000;

  static String read(Path entry, byte[] model, boolean readFirst) throws Exception {
    try (InputStream in = Files.newInputStream(entry)) {
      int at = 0;
      if (readFirst) {
        at += in.readNBytes(1).length;
      }
      at += (int) in.skip(SKIP);
      byte[] got = in.readNBytes(8);
      return Arrays.equals(got, Arrays.copyOfRange(model, at, at + 8)) ? "right bytes" : "other bytes, no error";
    } catch (ZipException e) {
      return e.getMessage();
    }
  }

  public static void main(String[] args) throws Exception {
    System.out.println("java " + Runtime.version());
    byte[] model = new byte[1 << 20];
    for (int i = 0; i < model.length; i++) {
      model[i] = (byte) (31 * i + 7);
    }
    CRC32 crc = new CRC32();
    crc.update(model);
    Path zip = Path.of(args[0], "model.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      for (String name : List.of("stored-first", "stored-second")) {
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(model.length);
        entry.setCrc(crc.getValue());
        out.putNextEntry(entry);
        out.write(model);
      }
      out.putNextEntry(new ZipEntry("deflated"));
      out.write(model);
    }
    Map<String, String> seen = new LinkedHashMap<>();
    try (FileSystem fs = FileSystems.newFileSystem(zip)) {
      for (String name : List.of("stored-first", "stored-second", "deflated")) {
        for (boolean readFirst : new boolean[] {false, true}) {
          String how = name + (readFirst ? ", one byte read, then skip" : ", skip at once");
          seen.put(how, read(fs.getPath(name), model, readFirst));
        }
      }
    }
    seen.forEach((how, what) -> System.out.println(how + ": " + what));
    Map<String, String> known = Map.of(
        "stored-first, skip at once", "other bytes, no error",
        "stored-first, one byte read, then skip", "right bytes",
        "stored-second, skip at once", "invalid LOC header (bad signature)",
        "stored-second, one byte read, then skip", "right bytes",
        "deflated, skip at once", "right bytes",
        "deflated, one byte read, then skip", "right bytes");
    if (!seen.equals(known)) {
      throw new AssertionError("changed");
    }
  }
}
END
"$java" "$work/ZipSkip.java" "$work"

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * A page of HTML with a record for each rank, and the script that draws them. Ranks add their
 * records to the file one after the other; each holds its lock meanwhile.
 */
final class ReportPage {
  private static final String MARK = "<!-- A report of fst load";
  private static final String RECORD = "<script type=\"application/json\" class=\"record\"";
  private static final long MOST_BYTES = 64 << 20;

  private final Path file;

  ReportPage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (!name.endsWith(".html") && !name.endsWith(".htm")) {
      throw new IllegalArgumentException(
          "--report " + file + ": want a name that ends with .html: it is overwritten");
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IllegalArgumentException("--report " + file + ": there is no folder " + folder);
    }
    this.file = file;
  }

  /** Forgets what an earlier run wrote; every rank does so before it meets the others. */
  void clear() {
    try {
      if (Files.exists(file)) {
        checkOwn();
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--report " + file + ": can't be overwritten: " + Failures.message(e), e);
    }
  }

  /** Keeps a mistyped name from costing somebody a page of their own. */
  private void checkOwn() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      String start = new String(in.readNBytes(200), StandardCharsets.UTF_8);
      if (!start.isEmpty() && !start.contains(MARK)) {
        throw new IllegalArgumentException(
            "--report " + file + ": exists, and is no report of fst: name another file");
      }
    }
  }

  /** Adds the record of a rank. */
  void add(RecordJson record) throws IOException {
    String line = RECORD + ">" + json(record) + "</script>";
    synchronized (ReportPage.class) { // a lock of the file is of the process
      try (FileChannel channel =
              FileChannel.open(
                  file,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        List<String> records = records(channel);
        records.add(line);
        byte[] page = page(records).getBytes(StandardCharsets.UTF_8);
        channel.truncate(0);
        ByteBuffer bytes = ByteBuffer.wrap(page);
        while (bytes.hasRemaining() && lock.isValid()) {
          channel.write(bytes);
        }
      }
    }
  }

  /** Nothing in a record can end the element that it stands in. */
  private static String json(RecordJson record) throws IOException {
    StringWriter text = new StringWriter();
    Json.printObject(text, record::writeTo);
    return text.toString().strip().replace("<", "\\u003c").replace("&", "\\u0026");
  }

  private static List<String> records(FileChannel channel) throws IOException {
    if (channel.size() > MOST_BYTES) {
      return new ArrayList<>();
    }
    String page =
        new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
    channel.position(0);
    return new ArrayList<>(
        page.lines()
            .filter(line -> line.startsWith(RECORD) && line.endsWith("</script>"))
            .toList());
  }

  private static String page(List<String> records) throws IOException {
    String style = resource("report.css");
    String script = resource("report.js") + resource("report-parts.js");
    return resource("report.html")
        .replace("@STYLE_HASH@", hash(style))
        .replace("@SCRIPT_HASH@", hash(script))
        .replace("@STYLE@", style)
        .replace("@SCRIPT@", script)
        .replace("@RECORDS@", String.join("\n", records));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = ReportPage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("this installation lacks " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String hash(String text) {
    try {
      return Base64.getEncoder()
          .encodeToString(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}

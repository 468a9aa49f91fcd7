// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * A file in the folder of a save which tells the next one what to clean up, should this one's
 * process be killed. It is locked while the save lasts, so that there is one at a time.
 */
final class SaveJournal implements AutoCloseable {
  static final String NAME = ".fastsafetensors-save.json";

  private static final JsonFactory JSON = new JsonFactory();
  private static final int MOST_TRIES = 10;
  private static final long MOST_BYTES = 1 << 26;

  private final Path file;
  private final FileChannel channel;
  private boolean isKept;

  private SaveJournal(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * What a save changes.
   *
   * @param temporary the names of files that are written
   * @param index the name of its index
   * @param pinned the names of the old checkpoint's files, if it had no index, so that it has this
   *     one until the new one stands
   * @param made the files that the index doesn't name until the new one stands: when each was last
   *     written, in milliseconds, by its name
   * @param old the names of files that go when it does
   */
  record Entry(
      Set<String> temporary,
      String index,
      Set<String> pinned,
      Map<String, Long> made,
      Set<String> old) {
    static final Entry NONE = new Entry(Set.of(), "", Set.of(), Map.of(), Set.of());

    /** A save that has changed nothing yet. */
    static Entry of(Set<String> temporary) {
      return new Entry(temporary, "", Set.of(), Map.of(), Set.of());
    }
  }

  /**
   * Makes the journal, or takes over that of a process that ended.
   *
   * @throws IOException if another save into the folder is under way, or the file can't be made
   */
  static SaveJournal open(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    for (int i = 0; i < MOST_TRIES; i++) {
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        lock(channel);
        if (Files.exists(file)) {
          return new SaveJournal(file, channel);
        }
        channel.close(); // another save has just ended, and deleted what was locked here
      } catch (Throwable e) {
        channel.close();
        throw e;
      }
    }
    throw new IOException("other saves into the folder keep taking " + file);
  }

  private static void lock(FileChannel channel) throws IOException {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      throw new SaveUnderWayException("another save of this process into the folder is under way");
    } catch (IOException e) {
      return; // not every file system has locks
    }
    if (lock == null) {
      throw new SaveUnderWayException("another process is saving into the folder");
    }
  }

  /** Somebody else has the lock. */
  private static final class SaveUnderWayException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    SaveUnderWayException(String message) {
      super(message);
    }
  }

  /**
   * Returns what was written; nothing if that was cut off, as nothing was changed then.
   *
   * @throws IOException if it can't be read; it is kept then
   */
  Entry read() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(channel.size(), MOST_BYTES));
    isKept = bytes.hasRemaining();
    while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {}
    isKept = false;
    try (JsonParser json = JSON.createParser(bytes.array(), 0, bytes.position())) {
      return read(json);
    } catch (JsonProcessingException e) {
      return Entry.NONE;
    }
  }

  private static Entry read(JsonParser json) throws IOException {
    String index = "";
    Set<String> temporary = new LinkedHashSet<>();
    Set<String> pinned = new LinkedHashSet<>();
    Map<String, Long> made = new LinkedHashMap<>();
    Set<String> old = new LinkedHashSet<>();
    boolean whole = false;
    json.nextToken();
    for (JsonToken t = json.nextToken(); t != null && !whole; t = json.nextToken()) {
      switch (t) {
        case FIELD_NAME -> {
          String field = json.currentName();
          json.nextToken();
          switch (field) {
            case "index" -> index = json.getText();
            case "temporary" -> readNames(json, temporary);
            case "pinned" -> readNames(json, pinned);
            case "made" -> readTimes(json, made);
            case "old" -> readNames(json, old);
            default -> json.skipChildren();
          }
        }
        case END_OBJECT -> whole = true;
        default -> {}
      }
    }
    return whole ? new Entry(temporary, index, pinned, made, old) : Entry.NONE;
  }

  private static void readTimes(JsonParser json, Map<String, Long> times) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      times.put(name, json.getLongValue());
    }
  }

  private static void readNames(JsonParser json, Set<String> names) throws IOException {
    while (json.nextToken() == JsonToken.VALUE_STRING) {
      names.add(json.getText());
    }
  }

  /** Brings an entry to the disk. */
  void write(Entry entry) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      writeNames(json, "temporary", entry.temporary());
      json.writeStringField("index", entry.index());
      writeNames(json, "pinned", entry.pinned());
      json.writeObjectFieldStart("made");
      for (Map.Entry<String, Long> made : entry.made().entrySet()) {
        json.writeNumberField(made.getKey(), made.getValue());
      }
      json.writeEndObject();
      writeNames(json, "old", entry.old());
      json.writeEndObject();
    }
    channel.truncate(0);
    ByteBuffer content = ByteBuffer.wrap(bytes.toByteArray());
    while (content.hasRemaining()) {
      channel.write(content, content.position());
    }
    channel.force(true);
  }

  private static void writeNames(JsonGenerator json, String field, Set<String> names)
      throws IOException {
    json.writeArrayFieldStart(field);
    for (String name : names) {
      json.writeString(name);
    }
    json.writeEndArray();
  }

  /** Has the next save clean up, as this one can't. */
  void keep() {
    isKept = true;
  }

  /** Deletes the journal, unless it is kept. */
  @Override
  public void close() throws IOException {
    try (channel) {
      if (!isKept) {
        Files.deleteIfExists(file);
      }
    }
  }
}

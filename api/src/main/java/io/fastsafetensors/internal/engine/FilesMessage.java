// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.internal.checkpoint.JoinedFolder;
import io.fastsafetensors.internal.checkpoint.SavePlace;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the first rank of a save tells the others of files, by their names in the folder. */
final class FilesMessage {
  /** What the others tell. */
  static final byte[] NOTHING = new byte[0];

  private FilesMessage() {}

  /** Tells of files that were made. */
  static byte[] of(JoinedFolder.Made made) {
    return PartsMessage.bytes(out -> {
      out.writeUTF(made.folder());
      out.writeUTF(made.base());
      write(made.temporary(), out);
    });
  }

  static JoinedFolder.Made readMade(byte[] message) {
    return PartsMessage.from(
        message, in -> new JoinedFolder.Made(in.readUTF(), in.readUTF(), readNames(in)));
  }

  /** Tells of files that have their names. */
  static byte[] of(SavePlace.Done done) {
    return PartsMessage.bytes(out -> {
      write(done.files().stream().map(FilesMessage::name).toList(), out);
      write(done.index().stream().map(FilesMessage::name).toList(), out);
    });
  }

  /**
   * Reads what was done; what the first rank did besides is in its own report.
   *
   * @param folder the folder, as this rank has it
   */
  static SavePlace.Done readDone(byte[] message, Path folder) {
    return PartsMessage.from(
        message,
        in -> {
          List<Path> files = readNames(in).stream().map(folder::resolve).toList();
          Optional<Path> index = readNames(in).stream().map(folder::resolve).findFirst();
          return new SavePlace.Done(files, index, List.of(), List.of());
        });
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static void write(List<String> names, DataOutputStream out) throws IOException {
    out.writeInt(names.size());
    for (String name : names) {
      out.writeUTF(name);
    }
  }

  private static List<String> readNames(DataInputStream in) throws IOException {
    List<String> names = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      names.add(in.readUTF());
    }
    return names;
  }
}

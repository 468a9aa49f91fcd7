// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.SafetensorsWriter;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A new checkpoint takes the place of an old one, of whatever form, or leaves it as it was. */
class CheckpointReplaceTests {
  @TempDir private Path temp;
  private Path folder;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createDirectory(temp.toRealPath().resolve("out"));
  }

  /** What is in the folder before. */
  enum Old {
    NOTHING,
    ONE_FILE,
    TWO_SHARDS,
    THREE_SHARDS,
    /** Two files with names of another tool, and an index. */
    OTHER_NAMES,
    /** An index of the one file. */
    ONE_FILE_WITH_INDEX,
    /** The two files of a set without their index. */
    NO_INDEX,
    /** Files that are nobody's shards. */
    SINGLE_FILES,
    /** An index that nobody can read. */
    BROKEN_INDEX;

    void make(Path folder) throws IOException {
      switch (this) {
        case NOTHING -> {}
        case ONE_FILE -> old(folder, 1);
        case TWO_SHARDS -> old(folder, 2);
        case THREE_SHARDS -> old(folder, 3);
        case OTHER_NAMES -> {
          single(folder, "weights-a.safetensors", "a");
          single(folder, "weights-b.safetensors", "b");
          Files.writeString(
              folder.resolve(INDEX),
              "{\"weight_map\":{\"a\":\"weights-a.safetensors\",\"b\":\"weights-b.safetensors\"}}");
        }
        case ONE_FILE_WITH_INDEX -> {
          single(folder, "model.safetensors", "a");
          Files.writeString(
              folder.resolve(INDEX), "{\"weight_map\":{\"a\":\"model.safetensors\"}}");
        }
        case NO_INDEX -> {
          old(folder, 2);
          Files.delete(folder.resolve(INDEX));
        }
        case SINGLE_FILES -> {
          single(folder, "vae.safetensors", "a");
          single(folder, "unet.safetensors", "b");
        }
        case BROKEN_INDEX -> Files.writeString(folder.resolve(INDEX), "{");
      }
    }

    private static void old(Path folder, int shards) throws IOException {
      save(folder, shards, "old");
    }

    private static void single(Path folder, String name, String tensor) throws IOException {
      new SafetensorsWriter()
          .add(tensor, DType.U8, Shape.of(2), MemorySegment.ofArray(new byte[] {5, 5}))
          .write(folder.resolve(name));
    }
  }

  private static final String INDEX = "model.safetensors.index.json";

  /** Saves six tensors of ten bytes. */
  private static SavedSet set(String name) {
    SavedSet set = new SavedSet();
    for (int i = 0; i < 6; i++) {
      set.with(name + i, DType.U8, 10);
    }
    return set;
  }

  private static SaveReport save(Path folder, int shards, String name) throws IOException {
    return set(name).writer.write(folder, shards(shards));
  }

  private static SaveOptions shards(int count) {
    return SaveOptions.builder().maxShardBytes(60 / count).build();
  }

  private Map<String, byte[]> contents() throws IOException {
    Map<String, byte[]> contents = new TreeMap<>();
    for (String name : SavedSet.names(folder)) {
      contents.put(name, Files.readAllBytes(folder.resolve(name)));
    }
    return contents;
  }

  @ParameterizedTest
  @EnumSource
  void theNewOneIsWhatTheFolderMeans(Old old) throws IOException {
    for (int shards = 1; shards <= 3; shards++) {
      makeAnew(old);
      SaveReport report = save(folder, shards, "new");
      if (old == Old.SINGLE_FILES && shards == 1) {
        assertThat(SavedSet.names(folder))
            .containsExactly("model.safetensors", "unet.safetensors", "vae.safetensors");
        continue;
      }
      assertThat(SavedSet.read(folder))
          .as("%s, then %s shards", old, shards)
          .containsExactlyInAnyOrderEntriesOf(set("new").bytes);
      assertThat(report.files().stream().map(f -> f.file().getFileName().toString()))
          .containsExactlyElementsOf(names(shards));
      List<String> others =
          switch (old) {
            case NO_INDEX ->
                shards == 2
                    ? List.of()
                    : List.of(
                        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
            case SINGLE_FILES -> List.of("unet.safetensors", "vae.safetensors");
            default -> List.of();
          };
      boolean hasIndex = shards > 1 || !others.isEmpty();
      assertThat(report.index().isPresent()).isEqualTo(hasIndex);
      List<String> all = new ArrayList<>(names(shards));
      all.addAll(others);
      if (hasIndex) {
        all.add(INDEX);
      }
      assertThat(SavedSet.names(folder)).containsExactlyInAnyOrderElementsOf(all);
    }
  }

  private void makeAnew(Old old) throws IOException {
    for (String name : SavedSet.names(folder)) {
      Files.delete(folder.resolve(name));
    }
    old.make(folder);
  }

  private static List<String> names(int shards) {
    return switch (shards) {
      case 1 -> List.of("model.safetensors");
      case 2 -> List.of("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
      default ->
          List.of(
              "model-00001-of-00003.safetensors",
              "model-00002-of-00003.safetensors",
              "model-00003-of-00003.safetensors");
    };
  }

  @ParameterizedTest
  @EnumSource
  void aFailureLeavesTheOldOneAsItWas(Old old) throws IOException {
    for (int shards = 1; shards <= 3; shards++) {
      makeAnew(old);
      Map<String, byte[]> before = contents();
      SavedSet set = set("new");
      set.writer.add(
          "bad",
          DType.U8,
          Shape.of(4),
          _ -> {
            throw new IOException("no such luck");
          });
      SaveOptions options = shards(shards);
      assertThatIOException()
          .isThrownBy(() -> set.writer.write(folder, options))
          .withMessage("can't save to %s: tensor 'bad' U8 [4]: no such luck", folder);
      assertThat(contents()).containsExactlyInAnyOrderEntriesOf(before);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void keepsTheModeOfWhatItReplaces(int shards) throws IOException {
    save(folder, 3, "old");
    for (String name : SavedSet.names(folder)) {
      Files.setPosixFilePermissions(
          folder.resolve(name), PosixFilePermissions.fromString("rw-r-----"));
    }
    save(folder, shards, "new");
    for (String name : SavedSet.names(folder)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
          .as(name)
          .isEqualTo("rw-r-----");
    }
  }

  @Test
  void replacesLinksAndNotWhatTheyLeadTo() throws IOException {
    Path blobs = Files.createDirectory(temp.resolve("blobs"));
    save(folder, 2, "old");
    for (String name : SavedSet.names(folder)) {
      Files.move(folder.resolve(name), blobs.resolve(name));
      Files.createSymbolicLink(folder.resolve(name), blobs.resolve(name));
    }
    save(folder, 2, "new");
    assertThat(SavedSet.read(folder)).containsExactlyInAnyOrderEntriesOf(set("new").bytes);
    assertThat(SavedSet.read(blobs)).containsExactlyInAnyOrderEntriesOf(set("old").bytes);
    assertThat(folder.resolve(names(2).getFirst())).isRegularFile();
    assertThat(Files.isSymbolicLink(folder.resolve(names(2).getFirst()))).isFalse();
  }

  @Test
  void followsALinkToTheFolder() throws IOException {
    Path link = Files.createSymbolicLink(temp.resolve("link"), folder);
    save(link, 2, "new");
    assertThat(link).isSymbolicLink();
    assertThat(SavedSet.read(folder)).hasSize(6);
  }

  @Test
  void refusesASecondSaveAtATime() throws IOException {
    try (CheckpointSave first = set("a").writer.begin(folder, SaveOptions.defaults())) {
      assertThatIOException()
          .isThrownBy(() -> save(folder, 1, "b"))
          .withMessage(
              "can't save to %s: another save of this process into the folder is under way",
              folder);
      first.finish();
    }
    assertThat(SavedSet.read(folder)).containsExactlyInAnyOrderEntriesOf(set("a").bytes);
    save(folder, 1, "b");
  }

  @Test
  void endsWhenItIsCancelledOrInterruptedOrLate() throws IOException {
    save(folder, 2, "old");
    Map<String, byte[]> before = contents();
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(() ->
            set("new")
                .writer
                .write(folder, SaveOptions.builder().cancellation(cancellation).build()))
        .withMessageStartingWith("the save was cancelled: 0 of ");
    assertThatExceptionOfType(LoadCancelledException.class)
        .isThrownBy(() ->
            set("new")
                .writer
                .write(folder, SaveOptions.builder().timeout(Duration.ofNanos(1)).build()))
        .satisfies(e -> assertThat(e.timedOut()).isTrue());
    Thread.currentThread().interrupt();
    try {
      assertThatExceptionOfType(LoadCancelledException.class)
          .isThrownBy(() -> save(folder, 2, "new"));
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(contents()).containsExactlyInAnyOrderEntriesOf(before);
  }
}

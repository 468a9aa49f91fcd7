// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.Cancellation;
import io.fastsafetensors.CheckpointSave;
import io.fastsafetensors.CheckpointWriter;
import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Part;
import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadCancelledException;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.integration.parts.ThreadRanks;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ranks can't save together fails on all of them; the old checkpoint stays as it was. */
class GroupSaveRefusalsTests {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final Shape MATRIX = Shape.of(6, 4);

  @TempDir private Path temp;
  private Path folder;
  private Map<String, byte[]> before;

  @BeforeEach
  void makeOld() throws IOException {
    folder = temp.toRealPath().resolve("out");
    new Generation(1, 2).save(folder);
    before = GroupSet.contents(folder);
  }

  @AfterEach
  void leavesTheOldOne() throws IOException {
    assertThat(GroupSet.contents(folder)).containsExactlyInAnyOrderEntriesOf(before);
    assertThat(descriptors().filter(file -> file.startsWith(folder))).isEmpty();
  }

  private static Stream<Path> descriptors() throws IOException {
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return open.map(GroupSaveRefusalsTests::target).toList().stream();
    }
  }

  private static Path target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor);
    } catch (IOException e) {
      return descriptor; // closed since it was listed
    }
  }

  /** What a rank adds. */
  private interface Adding {
    void to(CheckpointWriter writer, int rank) throws IOException;
  }

  private List<Throwable> failures(int ranks, Adding adding, SaveOptions options) throws Exception {
    return failures(
        ranks,
        group -> {
          CheckpointWriter writer = CheckpointWriter.create(group);
          adding.to(writer, group.rank());
          writer.write(folder, options);
        });
  }

  private static List<Throwable> failures(int ranks, ThreadRanks.Work work) throws Exception {
    List<Optional<Throwable>> thrown = ThreadRanks.run(ranks, work);
    assertThat(thrown).allMatch(Optional::isPresent);
    return thrown.stream().map(Optional::orElseThrow).toList();
  }

  /** All ranks say the same. */
  private void assertRefused(int ranks, String message, Adding adding) throws Exception {
    for (Throwable thrown : failures(ranks, adding, SaveOptions.defaults())) {
      assertThat(thrown)
          .isInstanceOf(CollectiveException.class)
          .hasMessageStartingWith("save on rank ")
          .hasMessageContaining("the ranks disagree: " + message);
    }
  }

  private static MemorySegment bytes(long count) {
    return MemorySegment.ofArray(new byte[Math.toIntExact(count)]);
  }

  @Test
  void typesAndShapesThatDiffer() throws Exception {
    assertRefused(
        3,
        "rank 0 has tensor 'a' F32 [6, 4], rank 1 has 'a' F16 [6, 4]",
        (writer, rank) -> {
          DType dtype = rank == 1 ? DType.F16 : DType.F32;
          long own = dtype.byteSize(MATRIX.elements()) / 3;
          writer.addPart("a", dtype, MATRIX, Part.shard(0), bytes(own));
        });
    assertRefused(
        2,
        "rank 0 has tensor 'a' U8 [6, 4], rank 1 has 'a' U8 [4, 6]",
        (writer, rank) ->
            writer.addPart(
                "a",
                DType.U8,
                rank == 0 ? MATRIX : Shape.of(4, 6),
                Part.slice(1, 0, rank == 0 ? 2 : 3),
                bytes(12)));
  }

  @Test
  void tensorsThatTwoHave() throws Exception {
    assertRefused(
        2,
        "tensor 'a' U8 [6, 4]: rank 0 has all of it and rank 1 has all of it, which overlap; let one"
            + " rank add it, or say replicated('a') if all have the same",
        (writer, _) -> writer.add("a", DType.U8, MATRIX, bytes(24)));
    assertRefused(
        2,
        "tensor 's' U8 []: rank 0 has all of it and rank 1 has all of it, which overlap",
        (writer, _) -> writer.add("s", DType.U8, Shape.of(), bytes(1)));
    assertRefused(
        2,
        "tensor 'a' U8 [6, 4]: rank 0 has slice [0:4] and rank 1 has slice [2:6], which overlap",
        (writer, rank) ->
            writer.addPart(
                "a", DType.U8, MATRIX, Part.slice(0, 2L * rank, 2L * rank + 4), bytes(16)));
    assertRefused(
        2,
        "tensor 'a' U8 [6, 4]: rank 0 has slice [0:4] and rank 1 has slice [:, 0:3], which overlap",
        (writer, rank) ->
            writer.addPart(
                "a",
                DType.U8,
                MATRIX,
                rank == 0 ? Part.slice(0, 0, 4) : Part.slice(1, 0, 3),
                bytes(rank == 0 ? 16 : 18)));
  }

  @Test
  void tensorsOfWhichSomeIsMissing() throws Exception {
    assertRefused(
        2,
        "tensor 'a' U8 [6, 4]: no rank has 2:4 of dimension 0",
        (writer, rank) ->
            writer.addPart(
                "a", DType.U8, MATRIX, Part.slice(0, 4L * rank, 4L * rank + 2), bytes(8)));
    assertRefused(
        3,
        "tensor 'a' U8 [6, 4]: no rank has 3:4 of dimension 1",
        (writer, rank) ->
            writer.addPart("a", DType.U8, MATRIX, Part.slice(1, rank, rank + 1), bytes(6)));
    assertRefused(
        2,
        "tensor 'a' U8 [6, 4]: the ranks have 12 of its 24 elements",
        (writer, rank) ->
            writer.addPart(
                "a",
                DType.U8,
                MATRIX,
                Part.slice(0, 3L * rank, 3L * rank + 3).and(1, 2L * rank, 2L * rank + 2),
                bytes(6)));
    assertRefused(
        2,
        "tensor 'a' U8 [6, 4]: no rank has any of it",
        (writer, _) -> writer.addPart("a", DType.U8, MATRIX, Part.slice(0, 3, 3), bytes(0)));
  }

  @Test
  void optionsThatDiffer() throws Exception {
    List<Throwable> thrown =
        failures(
            2,
            group -> {
              CheckpointWriter writer = CheckpointWriter.create(group);
              writer.write(folder, SaveOptions.builder().maxShardBytes(5 + group.rank()).build());
            });
    assertThat(thrown)
        .allSatisfy(each ->
            assertThat(each)
                .isInstanceOf(CollectiveException.class)
                .hasMessageContaining(
                    "rank 0 has 'maxShardBytes 5', rank 1 has 'maxShardBytes 6'"));
    for (Throwable each :
        failures(
            2,
            (writer, rank) -> writer.add("a" + rank, DType.U8, MATRIX, bytes(24)),
            SaveOptions.builder().replicated("b*").build())) {
      assertThat(each)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("replicated: no tensor matches 'b*'");
    }
  }

  @Test
  void anotherFolderOrName() throws Exception {
    Path other = Files.createDirectory(temp.resolve("other"));
    List<Throwable> elsewhere =
        failures(
            2, group -> CheckpointWriter.create(group).write(group.rank() == 0 ? folder : other));
    assertThat(elsewhere.get(1))
        .hasMessageStartingWith("can't save to %s: rank 0 makes files in %s", other, folder)
        .hasMessageContaining("all ranks need the same folder");
    assertThat(elsewhere.get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("peer rank 1: failed there: ")
        .hasMessageContaining("all ranks need the same folder");
    List<Throwable> otherName =
        failures(
            2,
            group ->
                CheckpointWriter.create(group)
                    .write(group.rank() == 0 ? folder : folder.resolve("x.safetensors")));
    assertThat(otherName)
        .allSatisfy(each ->
            assertThat(each).hasMessageContaining("rank 0 saves files named model*, this rank x*"));
    assertThat(other).isEmptyDirectory();
  }

  @Test
  void theFailureOfOneRankIsThatOfAll() throws Exception {
    for (int failing = 0; failing < 3; failing++) {
      int rank = failing;
      List<Throwable> thrown =
          failures(
              3,
              (writer, own) ->
                  writer.add(
                      "a" + own,
                      DType.U8,
                      Shape.of(9_000_000),
                      channel -> {
                        if (own == rank) {
                          throw new IOException("no such luck");
                        }
                        channel.write(ByteBuffer.allocate(9_000_000));
                      }),
              SaveOptions.builder().maxShardBytes(10_000_000).build());
      String own = "can't save to %s: tensor 'a%s' U8 [9000000]: no such luck";
      assertThat(thrown.get(rank)).hasMessage(own, folder, rank);
      for (int other = 0; other < 3; other++) {
        if (other != rank) {
          assertThat(thrown.get(other))
              .isInstanceOf(CollectiveException.class)
              .hasMessageContaining("peer rank %s: failed there: ", rank)
              .hasMessageEndingWith(own.formatted(folder, rank));
        }
      }
    }
  }

  @Test
  void aSaveThatOneRankClosesOrCancels() throws Exception {
    List<Throwable> closed =
        failures(
            2,
            group -> {
              try (CheckpointSave save =
                  new Generation(2, 2).begin(group, folder, SaveOptions.defaults())) {
                if (group.rank() == 1) {
                  throw new IllegalStateException("of the program");
                }
                save.finish();
              }
            });
    assertThat(closed.get(0))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("peer rank 1: failed there: ")
        .hasMessageContaining("was closed before it was finished");
    assertThat(closed.get(1)).hasMessage("of the program");
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    List<Throwable> cancelled =
        failures(
            2,
            group -> {
              SaveOptions.Builder options = SaveOptions.builder();
              if (group.rank() == 1) {
                options.cancellation(cancellation);
              }
              try (CheckpointSave save =
                  new Generation(2, 2).begin(group, folder, options.build())) {
                save.finish();
              }
            });
    assertThat(cancelled.get(0)).hasMessageContaining("peer rank 1: failed there: ");
    assertThat(cancelled.get(1)).isInstanceOf(LoadCancelledException.class);
  }

  @Test
  void aRankThatDoesNotCome() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    List<Optional<Throwable>> thrown =
        ThreadRanks.run(
            2,
            Duration.ofSeconds(1),
            group -> {
              SaveOptions options = SaveOptions.builder().timeout(Duration.ofSeconds(1)).build();
              try (CheckpointSave save = new Generation(2, 2).begin(group, folder, options)) {
                if (group.rank() == 0) {
                  save.finish();
                } else {
                  failed.await();
                }
              } finally {
                failed.countDown();
              }
            });
    assertThat(thrown.get(0).orElseThrow())
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("peer rank 1: did not come within 2");
    assertThat(thrown.get(1)).as("it closed its save").isEmpty();
  }

  @Test
  void tensorsThatHaveEndedOrWereNotBrought() throws Exception {
    List<Throwable> ended =
        failures(
            2,
            group -> {
              CheckpointWriter writer = CheckpointWriter.create(group);
              if (group.rank() == 0) {
                try (Arena arena = Arena.ofConfined()) {
                  writer.add(Tensor.of("t0", DType.U8, Shape.of(4), arena.allocate(4)));
                }
              }
              writer.write(folder);
            });
    assertThat(ended.get(0)).hasMessageContaining("tensor 't0' U8 [4] has ended");
    assertThat(ended.get(1)).hasMessageContaining("peer rank 0: failed there: ");
    List<Throwable> missing =
        failures(
            2,
            group -> {
              CheckpointWriter writer = CheckpointWriter.create(group);
              writer.declarePart("a", DType.U8, MATRIX, Part.shard(1));
              try (CheckpointSave save = writer.begin(folder, SaveOptions.defaults())) {
                save.put("a", 0, bytes(group.rank() == 0 ? 12 : 5));
                save.finish();
              }
            });
    assertThat(missing.get(1))
        .hasMessageEndingWith("tensor 'a' U8 [6, 2] was declared, and 7 bytes of it were not put");
    assertThat(missing.get(0)).hasMessageContaining("7 bytes of it were not put");
  }

  @Test
  void partsThatNoTensorHas() {
    try (ProcessGroup group = ProcessGroup.single()) {
      CheckpointWriter writer = CheckpointWriter.create(group);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.addPart("a", DType.U8, MATRIX, Part.slice(0, 5, 7), bytes(8)))
          .withMessageContaining("ends past its size, 6");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.addPart("a", DType.U8, MATRIX, Part.rows(1, 2), bytes(8)))
          .withMessageContaining("can't be saved: give all of it, a shard or a slice");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.addPart("a", DType.U8, MATRIX, Part.slice(0, 0, 2), bytes(9)))
          .withMessage("tensor 'a': slice [0:2] of U8 [6, 4] takes 8 bytes, not 9");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> writer.addPart("a", DType.F4, Shape.of(4, 3), Part.slice(0, 1, 2), bytes(1)))
          .withMessageContaining("don't start and end on whole bytes");
      writer.addPart("a", DType.U8, MATRIX, Part.slice(0, 0, 2), bytes(8));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.addPart("a", DType.U8, MATRIX, Part.slice(0, 0, 2), bytes(8)))
          .withMessage("tensor 'a' U8 [6, 4]: slice [0:2] was added before");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.addPart("a", DType.I8, MATRIX, Part.slice(0, 2, 6), bytes(16)))
          .withMessageContaining("tensor 'a' U8 [6, 4] was added before");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.write(folder))
          .withMessage("tensor 'a' U8 [6, 4]: no rank has 2:6 of dimension 0");
    }
  }
}

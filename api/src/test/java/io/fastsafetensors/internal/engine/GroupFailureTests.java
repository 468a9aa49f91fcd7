// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Part;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.TensorOptions;
import io.fastsafetensors.TransferException;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What fails on one rank is an exception on every rank that names it, and nothing is left. */
class GroupFailureTests {
  @TempDir private Path folder;
  private final List<Bench> benches = List.of(new Bench(), new Bench(), new Bench());
  private final Map<Integer, List<Path>> files = new LinkedHashMap<>();

  @BeforeEach
  void writeFiles() throws IOException {
    for (int rank = 0; rank < 3; rank++) {
      Samples file = new Samples(folder.resolve("of" + rank)).with("t" + rank, DType.U8, 64);
      files.put(rank, List.of(file.write().path));
    }
  }

  @AfterEach
  void nothingIsLeft() {
    benches.forEach(bench -> bench.ledger.assertAllClosedOnce());
  }

  /** Each rank has a device of its own. */
  private List<Throwable> failures(Ranks.BufferWork<?> work) throws InterruptedException {
    return Ranks.failures(
        3,
        group -> {
          try (Loader loader = benches.get(group.rank()).loader(group).addFiles(files);
              FileBuffer buffer = loader.load()) {
            return work.run(group, buffer);
          }
        });
  }

  private static void checkNamed(
      List<Throwable> failures, int rank, Class<? extends Throwable> own) {
    for (int r = 0; r < failures.size(); r++) {
      if (r == rank) {
        assertThat(failures.get(r)).isInstanceOf(own);
      } else {
        assertThat(failures.get(r)).isInstanceOf(CollectiveException.class);
        assertThat(((CollectiveException) failures.get(r)).peer())
            .as("on rank " + r)
            .isEqualTo(rank);
      }
    }
  }

  @Test
  void aReadErrorOfOneRank() throws Exception {
    benches.get(1).first.onAwait =
        file -> {
          throw new TransferException("first", file, 4096, 64, "EIO", null);
        };
    List<Throwable> failures = failures((_, _) -> true);
    checkNamed(failures, 1, TransferException.class);
    assertThat(failures.getFirst())
        .hasMessage(
            "load on rank 0, peer rank 1: failed there: TransferException: %s: EIO (backend first,"
                    .formatted(folder.resolve("of1"))
                + " 64 bytes at 4096)");
  }

  @Test
  void anErrorThatIsNoException() throws Exception {
    benches.get(2).first.onOpen =
        _ -> {
          throw new StackOverflowError();
        };
    checkNamed(failures((_, _) -> true), 2, StackOverflowError.class);
  }

  @Test
  void aDeviceOfOneRankThatDoesNotOpen() throws Exception {
    benches.get(0).runtime.failsToOpen = true;
    checkNamed(failures((_, _) -> true), 0, LoadException.class);
  }

  @Test
  void memoryThatRunsOutOnOneRankWhileGetting() throws Exception {
    List<Throwable> failures =
        failures((group, buffer) -> {
          if (group.rank() == 2) {
            benches.get(2).runtime.allocationsUntilFailure.set(0);
          }
          buffer.tensor("t0").close();
          // Whoever got it before the failure learns of it now.
          group.barrier();
          return true;
        });
    checkNamed(failures, 2, DeviceMemoryException.class);
  }

  @Test
  void aDeviceThatFailsInTheOwner() throws Exception {
    List<Throwable> failures =
        failures((group, buffer) -> {
          if (group.rank() == 0) {
            benches.get(0).runtime.operationsUntilFailure.set(0);
          }
          buffer.tensor("t0").close();
          return true;
        });
    assertThat(failures).allSatisfy(e -> assertThat(e).isInstanceOf(LoadException.class));
  }

  @Test
  void aRankThatLeaves() throws Exception {
    List<Throwable> failures =
        failures((group, buffer) -> {
          if (group.rank() == 1) {
            throw new IllegalStateException("goes home");
          }
          buffer
              .all(List.of("t1"), TensorOptions.of(Part.shard(0)))
              .values()
              .forEach(Tensor::close);
          return true;
        });
    checkNamed(failures, 1, IllegalStateException.class);
  }

  @Test
  void aFailureAmongManyExchangesLeavesNothing() throws Exception {
    List<Throwable> failures =
        failures((group, buffer) -> {
          if (group.rank() == 1) {
            benches.get(1).runtime.allocationsUntilFailure.set(2);
          }
          buffer
              .all(buffer.keys(), TensorOptions.of(Part.shard(0)))
              .values()
              .forEach(Tensor::close);
          group.barrier();
          return true;
        });
    checkNamed(failures, 1, DeviceMemoryException.class);
  }
}

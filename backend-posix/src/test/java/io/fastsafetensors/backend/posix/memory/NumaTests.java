// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.backend.posix.libc.Errno;
import io.fastsafetensors.backend.posix.libc.Faults;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The nodes are made up: folders like the kernel's, and a C library that only listens. */
class NumaTests {
  private static final class Listening extends Faults {
    final List<Integer> preferred = new ArrayList<>();
    final List<BitSet> ranOn = new ArrayList<>();
    int node = 1;

    @Override
    public int currentNode() {
      return node;
    }

    @Override
    public int preferNode(long address, long length, int wanted) {
      preferred.add(wanted);
      return 0;
    }

    @Override
    public int runOn(BitSet processors) {
      ranOn.add(processors);
      return 0;
    }
  }

  private final Listening libc = new Listening();

  @TempDir Path folder;

  private Numa nodes(String online) throws IOException {
    Files.writeString(folder.resolve("online"), online + "\n");
    Files.createDirectories(folder.resolve("node1"));
    Files.writeString(folder.resolve("node1/cpulist"), "4-6,12\n");
    return new Numa(folder);
  }

  @Test
  void oneNodeIsOfNoInterest() throws IOException {
    Numa one = nodes("0");
    assertThat(one.callersNode(libc)).isEmpty();
    one.stayNear(libc, OptionalInt.of(1));
    assertThat(libc.ranOn).isEmpty();
    assertThat(new Numa(folder.resolve("missing")).callersNode(libc)).isEmpty();
  }

  @Test
  void threadsStayOnTheirNode() throws IOException {
    Numa two = nodes("0-1");
    assertThat(two.callersNode(libc)).hasValue(1);
    two.stayNear(libc, OptionalInt.of(1));
    two.stayNear(libc, OptionalInt.empty());
    two.stayNear(libc, OptionalInt.of(7));
    assertThat(libc.ranOn).containsExactly(Numa.parse("4,5,6,12"));
  }

  @Test
  void unknownNodeIsNone() throws IOException {
    libc.node = -Errno.ENOSYS;
    assertThat(nodes("0-1").callersNode(libc)).isEmpty();
  }

  @Test
  void memoryPrefersTheNode() throws DeviceMemoryException {
    try (LinuxContext context = new LinuxContext(libc, OptionalInt.of(1), 0)) {
      context.allocate(8 << 20, 64).close();
      assertThat(context.numaNode()).hasValue(1);
    }
    assertThat(libc.preferred).containsExactly(1);
  }

  @Test
  void listsOfTheKernelAreRead() {
    assertThat(Numa.parse("").cardinality()).isZero();
    assertThat(Numa.parse("0").toString()).isEqualTo("{0}");
    assertThat(Numa.parse("0-2,5,64-65").toString()).isEqualTo("{0, 1, 2, 5, 64, 65}");
  }
}

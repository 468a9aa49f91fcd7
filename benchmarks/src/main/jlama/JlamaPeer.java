// SPDX-License-Identifier: Apache-2.0
import com.github.tjake.jlama.safetensors.SafeTensorIndex;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Loads the safetensors files of a folder by Jlama, which maps them, touches every page, and prints
 * the nanoseconds it took. Arguments as of peers.py; run from the source, with Jlama's jars.
 */
final class JlamaPeer {
  private static final String WHOLE = "Jlama, mapped + touch";
  private static final String FIRST = "first tensor, Jlama, mapped + touch";
  private static final int PAGE = 4096;
  private static final int WARM_UP_ROUNDS = 200;

  public static void main(String[] arguments) throws Exception {
    if (arguments.length == 0) {
      System.out.println(WHOLE);
      System.out.println(FIRST);
      return;
    }
    long most = arguments[0].equals(FIRST) ? 1 : Long.MAX_VALUE;
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      load(Path.of(arguments[2]), most);
    }
    long start = System.nanoTime();
    int sum = load(Path.of(arguments[1]), most);
    long nanos = System.nanoTime() - start;
    System.err.println(sum);
    System.out.println(nanos);
  }

  private static int load(Path folder, long most) throws Exception {
    int sum = 0;
    try (SafeTensorIndex index = open(folder)) {
      for (String name : index.tensorInfoMap().keySet().stream().limit(most).toList()) {
        sum += touch(index.load(name).getMemorySegment());
      }
    }
    return sum;
  }

  private static SafeTensorIndex open(Path folder) throws Exception {
    return Files.exists(folder.resolve(SafeTensorIndex.MODEL_INDEX_JSON))
        ? SafeTensorIndex.loadWithWeights(folder)
        : SafeTensorIndex.loadSingleFile(folder, SafeTensorIndex.SINGLE_MODEL_NAME);
  }

  private static int touch(MemorySegment bytes) {
    int sum = 0;
    for (long at = 0; at < bytes.byteSize(); at += PAGE) {
      sum += bytes.get(ValueLayout.JAVA_BYTE, at);
    }
    return sum;
  }
}

// SPDX-License-Identifier: Apache-2.0
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes the values of each tensor of a file, by the API's arrays: {@code N.f64} with them all, and
 * {@code N.txt} with its text. {@code names} lists the tensors. Arguments: file, folder.
 */
final class DumpValues {
  private DumpValues() {}

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[1]);
    try (Loader loader = Loader.builder().build().addFiles(0, List.of(Path.of(args[0])));
        FileBuffer buffer = loader.load()) {
      List<String> names = List.copyOf(buffer.keys());
      for (int i = 0; i < names.size(); i++) {
        Tensor tensor = buffer.tensor(names.get(i));
        Files.write(folder.resolve(i + ".f64"), bytes(tensor.toDoubleArray()));
        Files.writeString(folder.resolve(i + ".txt"), tensor.toString());
      }
      Files.write(folder.resolve("names"), names);
    }
  }

  private static byte[] bytes(double[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(values.length, Double.BYTES));
    bytes.order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().put(values);
    return bytes.array();
  }
}

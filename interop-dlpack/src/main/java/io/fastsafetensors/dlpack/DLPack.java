// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.dlpack;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.LoadException;

/**
 * Hands tensors to native libraries, and takes theirs, by <a
 * href="https://dmlc.github.io/dlpack/latest/">DLPack</a>: a struct that says where the elements
 * are, and a function that gives them back.
 *
 * {@snippet lang = java :
 * Capsule capsule = DLPack.export(buffer.tensor("weights"));
 * library.fromDLPack(capsule.take()); // which calls the deleter when it is done
 * buffer.close(); // may come before
 * }
 *
 * <h2 id="what">What is handed over</h2>
 *
 * <p>The memory of the tensor itself, without a copy, if it {@linkplain Tensor#isWritable may be
 * written}: many libraries write in place, and some don't look at the flag that says they must not.
 * A tensor that is mapped for reading only is copied, unless {@link ExportOptions.Builder#readOnly}
 * says otherwise; a load with {@link io.fastsafetensors.LoadOptions.Builder#writable} has none
 * such. Memory that is less aligned than {@link ExportOptions.Builder#alignment} says is copied,
 * too.
 *
 * <p>The elements are complete when they are handed out: nothing is queued on a stream, so that no
 * stream has to wait for another, whichever the library uses. Types, shapes and devices are those
 * of the tensor; {@code cuda:N} is DLPack's CUDA device N, memory that a GPU shares with the host
 * included. Strides are always given.
 *
 * <h2 id="life">How long it lives</h2>
 *
 * <p>A capsule holds the memory, so that buffer and loader may be closed before. Once the library
 * has taken it, it lives until the library calls the struct's deleter, on whatever thread, also one
 * that the JVM doesn't know; else until {@link Capsule#close}. A deleter that is called when the
 * JVM has ended (as by a Python interpreter that ends after it) frees the struct, and leaves the
 * memory to the end of the process.
 *
 * <p>Memory that a tensor of {@link Tensor#of} borrows stays the caller's: close its arena only
 * after the library is done, or hand over a {@linkplain CopyMode#ALWAYS copy}.
 *
 * <p>Thread-safe. Needs {@code --enable-native-access=io.fastsafetensors.dlpack}, and a machine
 * that is little-endian as the format is.
 *
 * @since 0.1
 */
public final class DLPack {
  private DLPack() {}

  /**
   * Hands a tensor over with the default options.
   *
   * @param tensor the tensor, open
   * @return the capsule, which holds the memory
   * @throws LoadException as {@link #export(Tensor, ExportOptions)}
   * @throws UnsupportedOperationException as {@link #export(Tensor, ExportOptions)}
   * @throws IllegalStateException if the tensor has ended
   */
  public static Capsule export(Tensor tensor) throws LoadException {
    return export(tensor, ExportOptions.defaults());
  }

  /**
   * Hands a tensor over. Blocks while it is copied, if it is.
   *
   * @param tensor the tensor, open; may end afterwards, and its {@link FileBuffer}, too
   * @param options how
   * @return the capsule, which holds the memory
   * @throws LoadException if there is no memory for a copy, the device fails, or native access is
   *     denied
   * @throws UnsupportedOperationException if DLPack has no such device, or if it takes a copy that
   *     the options rule out; it says why
   * @throws IllegalStateException if the tensor has ended
   */
  public static Capsule export(Tensor tensor, ExportOptions options) throws LoadException {
    return Export.of(tensor, options);
  }

  /**
   * Takes a tensor of another library, without copying it. The library's deleter is called when the
   * tensor is closed. If this throws, the struct stays the caller's.
   *
   * @param name the name of the Python capsule that the struct came in, which says what it is:
   *     {@code dltensor_versioned} (of {@code DLManagedTensorVersioned}) or {@code dltensor} (of
   *     the older {@code DLManagedTensor})
   * @param address where the struct is; nobody else may take it from now on
   * @return the tensor; the caller closes it
   * @throws LoadException if native access is denied
   * @throws IllegalArgumentException if the name is another, as that of a capsule that was taken
   *     before, or the struct contradicts itself
   * @throws UnsupportedOperationException if the tensor is not one that a file can have, or not in
   *     memory that the host sees, or its elements are not packed in row-major order; it says what
   *     to do
   */
  public static ForeignTensor take(String name, long address) throws LoadException {
    return ForeignTensor.of(StructForm.ofName(name), address);
  }

  /**
   * Returns DLPack's number for a kind of device. The device's own number is {@link Device#index}.
   *
   * @param device the device
   * @return 1 for {@code cpu}, 2 for {@code cuda}
   * @throws UnsupportedOperationException if DLPack has none
   */
  public static int deviceType(Device device) {
    return switch (device.type()) {
      case "cpu" -> StructForm.CPU;
      case "cuda" -> StructForm.CUDA;
      default ->
          throw new UnsupportedOperationException(
              "device %s has no number in DLPack: copy the tensor to the host".formatted(device));
    };
  }
}

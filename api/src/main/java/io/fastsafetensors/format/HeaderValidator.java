// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.format;

import io.fastsafetensors.format.TensorEntryParser.TensorEntry;
import java.util.Comparator;
import java.util.List;

/** Checks that the tensors cover the data section, in the reference's order (format rule 4.1). */
final class HeaderValidator {
  private static final Comparator<TensorEntry> BY_RANGE =
      Comparator.<TensorEntry, TensorInfo>comparing(
          TensorEntry::info,
          (a, b) -> {
            int byBegin = Long.compareUnsigned(a.begin(), b.begin());
            return byBegin != 0 ? byBegin : Long.compareUnsigned(a.end(), b.end());
          });

  private final HeaderFaults faults;

  HeaderValidator(HeaderFaults faults) {
    this.faults = faults;
  }

  /**
   * Sorts the tensors by their bytes and checks them in that order.
   *
   * @param tensors in any order; sorted in place
   * @param fileSize the size of the whole file, in bytes
   * @return the tensors in the order of their bytes
   */
  List<TensorInfo> validate(List<TensorEntry> tensors, long fileSize) throws HeaderFormatException {
    tensors.sort(BY_RANGE);
    long end = 0;
    for (TensorEntry tensor : tensors) {
      checkOffset(tensor, end);
      checkSize(tensor);
      end = tensor.info().end();
    }
    checkCovered(end, fileSize);
    return tensors.stream().map(TensorEntry::info).toList();
  }

  private void checkOffset(TensorEntry tensor, long wanted) throws HeaderFormatException {
    TensorInfo info = tensor.info();
    if (info.begin() != wanted) {
      String before = Long.toUnsignedString(wanted) + ", where the tensor before it ends";
      throw fault(
          FormatRule.INVALID_OFFSET,
          tensor,
          range(info) + " must begin at " + (wanted == 0 ? "0" : before));
    }
    if (Long.compareUnsigned(info.end(), info.begin()) < 0) {
      throw fault(FormatRule.INVALID_OFFSET, tensor, range(info) + " ends before it begins");
    }
  }

  private void checkSize(TensorEntry tensor) throws HeaderFormatException {
    TensorInfo info = tensor.info();
    long bits = bits(tensor);
    if (Long.remainderUnsigned(bits, Byte.SIZE) != 0) {
      throw fault(
          FormatRule.MISALIGNED_SLICE,
          tensor,
          elements(info) + " takes " + Long.toUnsignedString(bits) + " bits, not whole bytes");
    }
    long bytes = Long.divideUnsigned(bits, Byte.SIZE);
    if (bytes != info.byteSize()) {
      throw fault(
          FormatRule.TENSOR_INVALID_INFO,
          tensor,
          elements(info)
              + " takes "
              + bytes
              + " bytes, "
              + range(info)
              + " holds "
              + Long.toUnsignedString(info.byteSize()));
    }
  }

  private long bits(TensorEntry tensor) throws HeaderFormatException {
    try {
      return tensor.info().dtype().bitSize(tensor.info().shape().elements());
    } catch (ArithmeticException e) {
      throw fault(
          FormatRule.VALIDATION_OVERFLOW, tensor, elements(tensor.info()) + " overflows 64 bits");
    }
  }

  private void checkCovered(long end, long fileSize) throws HeaderFormatException {
    long dataBytes = fileSize - HeaderFaults.LENGTH_BYTES - faults.json().length;
    int order = Long.compareUnsigned(end, dataBytes);
    if (order == 0) {
      return;
    }
    String detail =
        "the tensors take %s bytes after the header, the file has %s: it is %s"
            .formatted(
                Long.toUnsignedString(end),
                dataBytes,
                order > 0 ? "cut short, download it again" : "longer than its header says");
    long shown = faults.json().length + (order > 0 ? dataBytes : end);
    throw faults.atByte(FormatRule.METADATA_INCOMPLETE_BUFFER, null, shown, detail);
  }

  private HeaderFormatException fault(FormatRule rule, TensorEntry tensor, String detail) {
    return faults.atChar(rule, tensor.info().name(), tensor.position(), detail);
  }

  private static String range(TensorInfo info) {
    return "data_offsets ["
        + Long.toUnsignedString(info.begin())
        + ", "
        + Long.toUnsignedString(info.end())
        + "]";
  }

  private static String elements(TensorInfo info) {
    return info.dtype() + " " + info.shape();
  }
}

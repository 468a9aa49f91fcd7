// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

/** How memory will be used: {@code MADV_*}. */
public enum MemoryAdvice {
  /** Not any more: the kernel takes the pages back, or out of the mapping of a file. */
  DONT_NEED(4),
  /** In huge pages, where the kernel allows. */
  HUGE_PAGE(14),
  /** To be read now: the kernel maps its pages, reading what is not in the page cache. */
  POPULATE_READ(22),
  /** To be written now: the kernel provides its pages. */
  POPULATE_WRITE(23);

  final int value;

  MemoryAdvice(int value) {
    this.value = value;
  }
}

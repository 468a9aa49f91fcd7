// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

/** How a part of a file will be used: {@code POSIX_FADV_*}. */
public enum FileAdvice {
  /** Soon: the kernel starts reading it into the page cache. */
  WILL_NEED(3),
  /** Not again: clean pages leave the page cache. */
  DONT_NEED(4);

  final int value;

  FileAdvice(int value) {
    this.value = value;
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.libc;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.backend.posix.libc.FileSystemType.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileSystemTypeTests {
  private static FileSystemType told(long answer) {
    return FileSystemType.of(
        new Faults() {
          @Override
          public long fileSystem(int descriptor) {
            return answer;
          }
        },
        0);
  }

  @ParameterizedTest
  @CsvSource({
    "ef53, ext4 (local)",
    "9123683e, btrfs (local)",
    "6969, nfs (network)",
    "fe534d42, smb2 (network)",
    "bd00bd0, lustre (network)",
    "c36400, ceph (network)",
    "65735546, fuse (program)",
    "1021994, tmpfs (memory)",
    "858458f6, ramfs (memory)",
    "794c7630, overlayfs (overlay)",
    "abcdef, 0xabcdef (unknown)"
  })
  void typesAreNamed(String number, String name) {
    assertThat(told(Long.parseLong(number, 16))).hasToString(name);
  }

  @Test
  void refusedQuestionIsNoAnswer() {
    FileSystemType type = told(-Errno.ENOSYS);
    assertThat(type.kind()).isEqualTo(Kind.UNKNOWN);
    assertThat(type).hasToString("statfs: ENOSYS, no such system call (unknown)");
  }
}

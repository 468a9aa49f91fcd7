// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.cpu;

import io.fastsafetensors.Reason;

/** Why files are mapped, copied, or left to another backend. */
final class Reasons {
  static final Reason NOTHING = Reason.of("path.none", "nothing to read");
  static final Reason MAPPED = Reason.of("path.mapped", "mapped: no copy");
  static final Reason COPY_ASKED_FOR = Reason.of("path.copied", "copied: asked for");
  static final Reason NOT_DIRECT =
      Reason.of(
          "direct.unsupported",
          "reads past the page cache need the backend posix, or direct AUTO or OFF");

  private Reasons() {}

  static Reason copied(Reason why) {
    return Reason.of("path.copied", "copied: the file {why}").with("why", why);
  }

  static Reason misaligned(long offset, long alignment) {
    return Reason.of(
            "mapping.misaligned",
            "has a range at byte {offset}, which no mapping aligns to {alignment}")
        .with("offset", offset)
        .with("alignment", alignment);
  }

  static Reason unmappable(Exception e) {
    return Reason.of("mapping.refused", "can't be mapped ({error})").with("error", e.toString());
  }
}

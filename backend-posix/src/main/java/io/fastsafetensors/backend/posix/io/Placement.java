// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

/** How a file gets into memory, as reports name it. */
enum Placement {
  MAPPED("path.mapped", "mapped"),
  MIXED("path.mixed", "mapped where cached"),
  COPIED("path.copied", "copied"),
  UNIFIED("path.unified", "unified memory"),
  STAGED("path.staged", "staged");

  private final String code;
  private final String text;

  Placement(String code, String text) {
    this.code = code;
    this.text = text;
  }

  /** Returns the code of the reason. */
  String code() {
    return code;
  }

  @Override
  public String toString() {
    return text;
  }
}

// SPDX-License-Identifier: Apache-2.0
/** The command {@code fst}. */
module io.fastsafetensors.cli {
  requires io.fastsafetensors;
  requires static org.jspecify;
  requires info.picocli;
  requires me.tongfei.progressbar;
}

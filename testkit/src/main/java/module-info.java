// SPDX-License-Identifier: Apache-2.0
/** Certifies plug-ins of the SPIs with contract tests. */
module io.fastsafetensors.testkit {
  requires transitive io.fastsafetensors;
  requires transitive org.junit.jupiter.api;
  requires static org.jspecify;
}

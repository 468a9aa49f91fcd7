// SPDX-License-Identifier: Apache-2.0
/** A program of somebody who uses the library. */
module org.example.outside {
  requires io.fastsafetensors;
}

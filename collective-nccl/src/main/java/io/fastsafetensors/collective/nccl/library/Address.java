// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import org.bytedeco.javacpp.Pointer;

/** A pointer to what JavaCPP neither made nor frees. */
final class Address extends Pointer {
  Address(long address) {
    super((Pointer) null);
    this.address = address;
  }
}

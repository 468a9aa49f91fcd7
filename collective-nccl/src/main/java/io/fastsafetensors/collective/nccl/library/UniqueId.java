// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import io.fastsafetensors.format.LoadException;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.nccl.ncclUniqueId;

/** By which the ranks of one communicator find each other: one makes it, all must know it. */
public final class UniqueId {
  private UniqueId() {}

  /**
   * Makes one; NCCL listens for the others from now on.
   *
   * @return its bytes
   * @throws LoadException if NCCL refuses
   */
  public static byte[] make() throws LoadException {
    try (ncclUniqueId id = new ncclUniqueId()) {
      NcclResults.check("ncclGetUniqueId", nccl.ncclGetUniqueId(id));
      byte[] bytes = new byte[nccl.NCCL_UNIQUE_ID_BYTES];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = id.internal(i);
      }
      return bytes;
    }
  }

  /** Returns it as NCCL wants it; the caller closes it. */
  static ncclUniqueId of(byte[] bytes) {
    ncclUniqueId id = new ncclUniqueId();
    for (int i = 0; i < bytes.length; i++) {
      id.internal(i, bytes[i]);
    }
    return id;
  }
}

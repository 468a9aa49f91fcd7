// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What cuFile's open driver says of itself: {@code CUfileDrvProps_t}, as far as it matters here.
 *
 * @param nvfsMajor the version of the kernel module nvidia-fs; 0 if it isn't there
 * @param nvfsMinor the rest of that version
 * @param targets bits by {@link Target}: what that module reads peer to peer from
 * @param features bits: {@code CUfileFeatureFlags_t}
 */
public record DriverProperties(int nvfsMajor, int nvfsMinor, int targets, int features) {
  /** More than any version of the structure has. */
  static final long BYTES = 256;

  private static final int PCI_P2PDMA = 4;

  /** Kinds of storage, numbered as {@code CUfileDriverStatusFlags_t} does. */
  public enum Target {
    LUSTRE(0),
    WEKAFS(1),
    NFS(2),
    GPFS(3),
    NVME(4),
    NVME_OF(5),
    BEEGFS(9),
    SCATEFS(12),
    VIRTIOFS(13);

    private final int bit;

    Target(int bit) {
      this.bit = bit;
    }
  }

  static DriverProperties parse(MemorySegment properties) {
    return new DriverProperties(
        properties.get(ValueLayout.JAVA_INT, 0),
        properties.get(ValueLayout.JAVA_INT, 4),
        properties.get(ValueLayout.JAVA_INT, 24),
        properties.get(ValueLayout.JAVA_INT, 32));
  }

  /** Tells whether nvidia-fs is there and reads from this kind of storage. */
  public boolean nvfsReads(Target target) {
    return nvfsMajor + nvfsMinor > 0 && (targets & 1 << target.bit) != 0;
  }

  /** Tells whether NVMe is read by the kernel's own peer to peer transfers, without nvidia-fs. */
  public boolean hasPciP2p() {
    return (features & 1 << PCI_P2PDMA) != 0;
  }
}

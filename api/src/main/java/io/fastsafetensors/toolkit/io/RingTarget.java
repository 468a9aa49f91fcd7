// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.TransferPath;
import io.fastsafetensors.format.LoadException;
import java.util.List;

/**
 * Memory that the host can't see: a block of the file is read into a staging buffer, and copied
 * from there to its place on the device.
 *
 * @since 0.1
 */
public final class RingTarget extends DeviceTarget {
  private final PlannedFile file;
  private final List<FileRead> reads;

  private RingTarget(ReadSession<?> session, PlannedFile file, RangeLayout layout)
      throws LoadException {
    super(session, layout);
    this.file = file;
    this.reads = FileRead.cut(layout, session.tuning().blockBytes(), 0);
  }

  /**
   * Allocates device memory for what a layout wants of a file.
   *
   * @param session whose device, budget, ring and blocks are used
   * @param file the file
   * @param layout where its ranges go
   * @return the target
   * @throws LoadException if there is no memory, or no thread to fill it
   */
  public static RingTarget allocate(ReadSession<?> session, PlannedFile file, RangeLayout layout)
      throws LoadException {
    var _ = session.ring(); // made before threads take from it
    return new RingTarget(session, file, layout);
  }

  @Override
  public List<FileRead> reads() {
    return reads;
  }

  @Override
  public Brought bring(FileRead read, TransferPath path) throws LoadException {
    return stage(file, read, path);
  }
}

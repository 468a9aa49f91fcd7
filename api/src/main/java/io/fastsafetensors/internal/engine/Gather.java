// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.Slice;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import io.fastsafetensors.toolkit.device.RegionPump;
import java.util.List;

/** Copies rows of tensors to where they lie side by side. */
final class Gather {
  private Gather() {}

  /**
   * Copies a part out of a tensor.
   *
   * @param slice the part
   * @param tensor all bytes of the tensor
   * @param part where to, contiguous
   * @param stream the device's queue
   */
  static void copy(Slice slice, Region tensor, Region part, DeviceStream stream)
      throws LoadException {
    copy(slice.partRows(), tensor, 0, part, stream);
  }

  /**
   * Copies rows of a part.
   *
   * @param allRows the rows
   * @param bytes some of the tensor, with all bytes of the rows, contiguous
   * @param from where they start in the tensor, in bytes
   * @param part where to: all of the part, contiguous
   * @param stream the device's queue
   */
  static void copy(
      List<Slice.PartRows> allRows, Region bytes, long from, Region part, DeviceStream stream)
      throws LoadException {
    for (Slice.PartRows partRows : allRows) {
      Region target = part.slice(partRows.to(), partRows.rows().bytes());
      rows(Slice.region(partRows.rows(), bytes, from), target, stream);
    }
  }

  /** Copies rows to adjacent bytes. */
  static void rows(Region rows, Region target, DeviceStream stream) throws LoadException {
    RegionPump.copy(rows, target, stream);
  }
}

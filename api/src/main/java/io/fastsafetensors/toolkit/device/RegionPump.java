// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.device;

import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceStream;
import io.fastsafetensors.spi.Region;
import java.lang.foreign.MemorySegment;

/**
 * Copies that transports need: of rows that are apart, and through host memory, a chunk at a time,
 * where a transport can't reach the device.
 *
 * <p>The copies are queued on the stream; the memory is the stream's until a later mark is done
 * (rule D-201).
 *
 * @since 0.1
 */
public final class RegionPump {
  private RegionPump() {}

  /**
   * Copies rows to adjacent bytes.
   *
   * @param source the rows
   * @param target where to, contiguous, of the same size
   * @param stream the device's queue
   * @throws LoadException if the device refuses
   * @throws IndexOutOfBoundsException if the target's buffer is too small
   */
  public static void copy(Region source, Region target, DeviceStream stream) throws LoadException {
    stream.copy(
        source,
        new Region(
            target.buffer(), target.offset(), source.rows(), source.rowBytes(), source.rowBytes()));
  }

  /**
   * Copies a part of a region to the host.
   *
   * @param source the region
   * @param from the first byte, counted row after row
   * @param chunk where to; its size says how many bytes
   * @param stream the device's queue
   * @throws LoadException if the device refuses
   * @throws IndexOutOfBoundsException if the region has not so many bytes
   */
  public static void toHost(Region source, long from, MemorySegment chunk, DeviceStream stream)
      throws LoadException {
    for (long done = 0; done < chunk.byteSize(); ) {
      Region piece = source.piece(from + done, chunk.byteSize() - done);
      stream.copyToHost(piece, chunk.asSlice(done, piece.bytes()));
      done += piece.bytes();
    }
  }

  /**
   * Fills a part of a region from the host.
   *
   * @param chunk where from; its size says how many bytes
   * @param target the region
   * @param from the first byte, counted row after row
   * @param stream the device's queue
   * @throws LoadException if the device refuses
   * @throws IndexOutOfBoundsException if the region has not so many bytes
   */
  public static void fromHost(MemorySegment chunk, Region target, long from, DeviceStream stream)
      throws LoadException {
    for (long done = 0; done < chunk.byteSize(); ) {
      Region piece = target.piece(from + done, chunk.byteSize() - done);
      stream.copyFromHost(chunk.asSlice(done, piece.bytes()), piece);
      done += piece.bytes();
    }
  }
}

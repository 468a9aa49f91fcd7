// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;

/**
 * A way to bring bytes of files into device memory: the plug-in of readers.
 *
 * @since 0.1
 */
public interface IoBackend extends Provider {
  /**
   * Finds out whether this backend can read into a device here, by touching the real thing; never
   * throws, is cheap, and leaves nothing behind (rule P-103).
   *
   * @param device where the bytes are to go
   * @return available, or the reason why not
   */
  Availability probe(Device device);

  /**
   * Opens a session for one load.
   *
   * @param context the device, open; the session does not close it
   * @param options how to read
   * @return the session; the caller closes it after all its tickets
   * @throws LoadException if it can't be opened
   */
  IoSession open(DeviceContext context, IoOptions options) throws LoadException;
}

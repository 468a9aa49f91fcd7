// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;
import io.fastsafetensors.format.LoadException;
import java.util.List;

/**
 * A kind of memory where tensors can live: the plug-in that allocates it and moves bytes in it.
 *
 * <p>It answers <em>where</em> the bytes live; {@link IoBackend} answers how they get there.
 *
 * @since 0.1
 */
public interface DeviceRuntime extends Provider {
  /**
   * Returns the device type served.
   *
   * @return the type of {@link Device#type()}, such as {@code cpu} or {@code cuda}
   */
  String type();

  /**
   * Finds out whether this runtime works here, by touching the real thing; never throws, and leaves
   * nothing behind (rule P-103).
   *
   * @return available, or the reason why not
   */
  Availability probe();

  /**
   * Lists the devices.
   *
   * @return one entry a device, by index
   * @throws LoadException if they can't be listed; not after a probe that said available
   */
  List<DeviceInfo> devices() throws LoadException;

  /**
   * Opens a device. Nothing is opened on any other device (rule D-101).
   *
   * @param device a device of this type
   * @return the context; the caller closes it after all that was made from it
   * @throws LoadException if there is no such device or it refuses
   */
  DeviceContext open(Device device) throws LoadException;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Reads safetensors files on Linux at the speed of the storage: past the page cache what is not in
 * it, from the page cache what is; and supplies host memory in huge pages.
 *
 * <p>Needs {@code --enable-native-access=io.fastsafetensors.backend.posix}.
 *
 * @provides io.fastsafetensors.spi.IoBackend
 * @provides io.fastsafetensors.spi.DeviceRuntime
 */
module io.fastsafetensors.backend.posix {
  requires io.fastsafetensors;
  requires static org.jspecify;

  provides io.fastsafetensors.spi.DeviceRuntime with
      io.fastsafetensors.backend.posix.LinuxRuntime;
  provides io.fastsafetensors.spi.IoBackend with
      io.fastsafetensors.backend.posix.PosixIoBackend;
}

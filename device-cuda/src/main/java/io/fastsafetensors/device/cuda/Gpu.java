// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.Device;
import io.fastsafetensors.device.cuda.driver.Calls;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.spi.DeviceInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

/**
 * What the driver tells of a device without opening it.
 *
 * @param device the device
 * @param handle the driver's handle of it
 */
record Gpu(Device device, CUdevice handle) {
  private static final int NAME_BYTES = 256;
  private static final int PCI_CHARS = 32;
  private static final String PCI_DEVICES = "/sys/bus/pci/devices";

  /** Looks a device up. */
  static Gpu of(Device device) throws LoadException {
    CUdevice handle = new CUdevice();
    Calls.check(device, () -> "cuDeviceGet", () -> JCudaDriver.cuDeviceGet(handle, device.index()));
    return new Gpu(device, handle);
  }

  DeviceInfo info() throws LoadException {
    StringBuilder detail = new StringBuilder(pciBus());
    numaNode().ifPresent(node -> detail.append(", NUMA node ").append(node));
    detail
        .append(", compute capability ")
        .append(attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR))
        .append('.')
        .append(attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
    if (isUnified()) {
      detail.append(", unified memory");
    }
    return DeviceInfo.builder(device, name())
        .totalBytes(totalBytes())
        .detail(detail.toString())
        .build();
  }

  private String name() throws LoadException {
    byte[] name = new byte[NAME_BYTES];
    Calls.check(
        device,
        () -> "cuDeviceGetName",
        () -> JCudaDriver.cuDeviceGetName(name, name.length, handle));
    String text = new String(name, StandardCharsets.UTF_8);
    return text.substring(0, text.indexOf('\0'));
  }

  private long totalBytes() throws LoadException {
    long[] total = new long[1];
    Calls.check(
        device, () -> "cuDeviceTotalMem", () -> JCudaDriver.cuDeviceTotalMem(total, handle));
    return total[0];
  }

  /** Returns the address on the PCI bus as Linux writes it, {@code 0000:3b:00.0}. */
  String pciBus() throws LoadException {
    String[] bus = new String[1];
    Calls.check(
        device,
        () -> "cuDeviceGetPCIBusId",
        () -> JCudaDriver.cuDeviceGetPCIBusId(bus, PCI_CHARS, handle));
    return bus[0].strip().toLowerCase(Locale.ROOT);
  }

  /**
   * Tells whether the device's memory is the host's, at the host's addresses. Devices with memory
   * of their own that the host can reach, or that can reach the host's, are none of these: tensors
   * belong into their own, faster memory.
   */
  boolean isUnified() throws LoadException {
    return attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_INTEGRATED) != 0
        && attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING) != 0;
  }

  int attribute(int which) throws LoadException {
    int[] value = new int[1];
    Calls.check(
        device,
        () -> "cuDeviceGetAttribute " + which,
        () -> JCudaDriver.cuDeviceGetAttribute(value, which, handle));
    return value[0];
  }

  /** Returns the node of the host's memory next to the device; empty if Linux doesn't tell. */
  OptionalInt numaNode() throws LoadException {
    try {
      int node =
          Integer.parseInt(Files.readString(Path.of(PCI_DEVICES, pciBus(), "numa_node")).strip());
      return node < 0 ? OptionalInt.empty() : OptionalInt.of(node);
    } catch (IOException | NumberFormatException e) {
      return OptionalInt.empty();
    }
  }
}

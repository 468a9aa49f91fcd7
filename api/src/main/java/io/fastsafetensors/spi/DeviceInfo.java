// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.spi;

import io.fastsafetensors.Device;

/**
 * What an operator wants to know of a device.
 *
 * @param device the device
 * @param name the maker's name of it
 * @param totalBytes its memory in bytes; 0 if unknown
 * @param detail bus address, node, versions: one line; may be empty
 * @since 0.1
 */
public record DeviceInfo(Device device, String name, long totalBytes, String detail) {}

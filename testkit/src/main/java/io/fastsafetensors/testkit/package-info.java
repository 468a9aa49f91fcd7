// SPDX-License-Identifier: Apache-2.0
/**
 * Contract tests that certify a plug-in.
 *
 * <p>Extend {@link io.fastsafetensors.testkit.DeviceRuntimeContract}, {@link
 * io.fastsafetensors.testkit.IoBackendContract} or {@link
 * io.fastsafetensors.testkit.CollectiveContract}, say what is to be tried, and run it with JUnit.
 * Every test carries the number of its rule in {@code docs/spi-rules.md}.
 */
@NullMarked
package io.fastsafetensors.testkit;

import org.jspecify.annotations.NullMarked;

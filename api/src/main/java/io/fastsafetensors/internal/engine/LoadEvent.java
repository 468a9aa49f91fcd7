// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.internal.plan.LoadPlan;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One load on one rank. */
@Name("io.fastsafetensors.Load")
@Label("Load")
@Description("Safetensors files were loaded to a device")
@Category("Fastsafetensors")
@StackTrace(false)
final class LoadEvent extends Event {
  @Label("Device")
  String device = "";

  @Label("Files")
  int files;

  @Label("Bytes")
  @DataAmount
  long bytes;

  @Label("Succeeded")
  boolean succeeded;

  /** Begins the event of a load that is about to start. */
  static LoadEvent start(Device device, LoadPlan plan) {
    LoadEvent event = new LoadEvent();
    event.begin();
    event.device = device.toString();
    event.files = plan.files().size();
    event.bytes = plan.bytes();
    return event;
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.TransferPath;
import java.nio.file.Path;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A block of a file that is in its place; off unless a recording asks for it. */
@Name("io.fastsafetensors.BlockRead")
@Label("Block read")
@Description("A block of a safetensors file was read to its place, or mapped")
@Category({"Fastsafetensors", "I/O"})
@Enabled(false)
@StackTrace(false)
final class BlockReadEvent extends Event {
  @Label("File")
  String file = "";

  @Label("Path")
  @Description("mapped, cached, buffered, direct or peer to peer")
  String path = "";

  @Label("Offset")
  @DataAmount
  long offset;

  @Label("Bytes")
  @DataAmount
  long bytes;

  @Label("Read time")
  @Timespan
  long readTime;

  /** Records a block, if a recording asks for it. */
  static void record(Path file, TransferPath path, long offset, long bytes, long nanos) {
    BlockReadEvent event = new BlockReadEvent();
    if (event.shouldCommit()) {
      event.file = file.toString();
      event.path = path.toString();
      event.offset = offset;
      event.bytes = bytes;
      event.readTime = nanos;
      event.commit();
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

import io.fastsafetensors.internal.group.Failure;
import io.fastsafetensors.toolkit.group.Frame.Contribution;
import io.fastsafetensors.toolkit.group.Frame.ExchangeId;
import io.fastsafetensors.toolkit.group.Frame.Failed;
import io.fastsafetensors.toolkit.group.Frame.Gathered;
import io.fastsafetensors.toolkit.group.Frame.Heartbeat;
import io.fastsafetensors.toolkit.group.Frame.Late;
import io.fastsafetensors.toolkit.group.Frame.Leaving;
import io.fastsafetensors.toolkit.group.Frame.Started;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Frames as bytes: a letter, then the fields; what varies in size comes after its size. */
final class FrameCodec {
  private FrameCodec() {}

  static void write(Frame frame, DataOutputStream out) throws IOException {
    switch (frame) {
      case Heartbeat(int waitsFor) -> {
        out.writeByte('A');
        out.writeInt(waitsFor);
      }
      case Started(InetAddress address) -> {
        out.writeByte('S');
        writeBytes(address.getAddress(), out);
      }
      case Contribution contribution -> writeContribution(contribution, out);
      case Gathered(ExchangeId exchange, List<byte[]> messages) -> {
        out.writeByte('G');
        writeExchange(exchange, out);
        out.writeInt(messages.size());
        for (byte[] message : messages) {
          writeBytes(message, out);
        }
      }
      case Late(Failure lateness) -> {
        out.writeByte('W');
        writeFailure(lateness, out);
      }
      case Failed(Failure failure) -> {
        out.writeByte('F');
        writeFailure(failure, out);
      }
      case Leaving() -> out.writeByte('L');
    }
  }

  private static void writeContribution(Contribution contribution, DataOutputStream out)
      throws IOException {
    out.writeByte('B');
    writeExchange(contribution.exchange(), out);
    out.writeUTF(contribution.operation());
    out.writeInt(contribution.members().size());
    for (int member : contribution.members()) {
      out.writeInt(member);
    }
    out.writeLong(contribution.timeoutNanos());
    writeBytes(contribution.message(), out);
  }

  private static void writeExchange(ExchangeId exchange, DataOutputStream out) throws IOException {
    out.writeUTF(exchange.group());
    out.writeLong(exchange.number());
  }

  private static void writeFailure(Failure failure, DataOutputStream out) throws IOException {
    out.writeInt(failure.rank());
    writeBytes(failure.detail().getBytes(StandardCharsets.UTF_8), out);
  }

  private static void writeBytes(byte[] bytes, DataOutputStream out) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static Frame read(DataInputStream in) throws IOException {
    byte kind = in.readByte();
    return switch (kind) {
      case 'A' -> new Heartbeat(in.readInt());
      case 'S' -> new Started(InetAddress.getByAddress(readBytes(in)));
      case 'B' -> readContribution(in);
      case 'G' -> new Gathered(readExchange(in), readMessages(in));
      case 'W' -> new Late(readFailure(in));
      case 'F' -> new Failed(readFailure(in));
      case 'L' -> new Leaving();
      default -> throw new IOException("not a frame: it starts with " + kind);
    };
  }

  private static Contribution readContribution(DataInputStream in) throws IOException {
    return new Contribution(
        readExchange(in), in.readUTF(), readRanks(in), in.readLong(), readBytes(in));
  }

  private static ExchangeId readExchange(DataInputStream in) throws IOException {
    return new ExchangeId(in.readUTF(), in.readLong());
  }

  private static List<Integer> readRanks(DataInputStream in) throws IOException {
    int count = in.readInt();
    List<Integer> ranks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ranks.add(in.readInt());
    }
    return ranks;
  }

  private static List<byte[]> readMessages(DataInputStream in) throws IOException {
    int count = in.readInt();
    List<byte[]> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      messages.add(readBytes(in));
    }
    return messages;
  }

  private static Failure readFailure(DataInputStream in) throws IOException {
    return new Failure(in.readInt(), new String(readBytes(in), StandardCharsets.UTF_8));
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    int size = in.readInt();
    if (size < 0) {
      throw new IOException("a size of " + size);
    }
    byte[] bytes = in.readNBytes(size);
    if (bytes.length < size) {
      throw new EOFException("ended after " + bytes.length + " of " + size + " bytes");
    }
    return bytes;
  }
}

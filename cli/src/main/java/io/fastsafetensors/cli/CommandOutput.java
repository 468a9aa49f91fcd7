// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the command prints to. Remembers the first write that failed, which a {@link PrintWriter}
 * keeps to itself: output that was lost must not end in exit code 0.
 */
final class CommandOutput extends OutputStream {
  private final OutputStream target;
  private volatile @Nullable IOException failure;

  CommandOutput(FileDescriptor descriptor) {
    this.target = new FileOutputStream(descriptor);
  }

  /** Names of tensors are Unicode, whatever the locale is; output is flushed where it matters. */
  PrintWriter writer() {
    return new PrintWriter(new OutputStreamWriter(this, StandardCharsets.UTF_8));
  }

  /** Returns why output was lost; empty if none was. */
  Optional<IOException> failure() {
    return Optional.ofNullable(failure);
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int start, int length) throws IOException {
    try {
      target.write(bytes, start, length);
    } catch (IOException e) {
      if (failure == null) {
        failure = e;
      }
      throw e;
    }
  }

  @Override
  public void flush() throws IOException {
    target.flush();
  }
}

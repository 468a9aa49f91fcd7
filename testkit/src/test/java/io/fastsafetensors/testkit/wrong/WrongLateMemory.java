// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.Device;
import io.fastsafetensors.DeviceMemoryException;
import io.fastsafetensors.spi.DeviceContext;
import io.fastsafetensors.spi.DeviceContext.LateMemory;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.LoadMemory;
import io.fastsafetensors.testkit.DeviceRules.Faults;
import io.fastsafetensors.testkit.ForwardingContext;
import io.fastsafetensors.toolkit.plugin.Runtimes;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** Runtimes of host memory whose late memory is wrong. */
final class WrongLateMemory {
  private WrongLateMemory() {}

  static Stream<Wrong<ForwardingRuntime>> all() {
    return Stream.of(
        new Wrong<>("D-114", "clears what it touches", having(Clearing::new)),
        new Wrong<>("D-115", "asks for no promise", having(Unasked::new)),
        new Wrong<>("D-115", "makes pages without the promise", having(Unmade::new)),
        new Wrong<>("D-115", "forgets promises", having(Unended::new)),
        new Wrong<>("D-116", "covers nothing", having(Open::new)),
        new Wrong<>("D-116", "covers the page behind", having(Wide::new)));
  }

  static ForwardingRuntime right() {
    return having(MappedLateMemory::new);
  }

  private static ForwardingRuntime having(Function<DeviceContext, LateMemory> late) {
    return new ForwardingRuntime(host()) {
      @Override
      Optional<Faults> faults() {
        return Optional.empty();
      }

      @Override
      ForwardingContext context(DeviceContext right) {
        return new ForwardingContext(right) {
          @Override
          public Optional<LateMemory> lateMemory() {
            return Optional.of(late.apply(right));
          }
        };
      }
    };
  }

  private static DeviceRuntime host() {
    try {
      return Runtimes.of(Device.CPU);
    } catch (BackendUnavailableException e) {
      throw new AssertionError("it is built in", e);
    }
  }

  private static final class Clearing extends MappedLateMemory {
    Clearing(DeviceContext right) {
      super(right);
    }

    @Override
    void touch(MemorySegment part, LoadMemory.Reservation promise) throws DeviceMemoryException {
      super.touch(part, promise);
      part.asSlice(0, part.byteSize() / 2).fill((byte) 0);
    }
  }

  private static final class Unasked extends MappedLateMemory {
    Unasked(DeviceContext right) {
      super(right);
    }

    @Override
    LoadMemory.Reservation promise(long bytes, LoadMemory memory) throws DeviceMemoryException {
      return super.promise(0, memory);
    }
  }

  private static final class Unmade extends MappedLateMemory {
    Unmade(DeviceContext right) {
      super(right);
    }

    @Override
    void touch(MemorySegment part, LoadMemory.Reservation promise) {}
  }

  private static final class Unended extends MappedLateMemory {
    Unended(DeviceContext right) {
      super(right);
    }

    @Override
    void end(LoadMemory.Reservation promise) {}
  }

  private static final class Open extends MappedLateMemory {
    Open(DeviceContext right) {
      super(right);
    }

    @Override
    void mapOver(long address, long bytes) {}
  }

  private static final class Wide extends MappedLateMemory {
    Wide(DeviceContext right) {
      super(right);
    }

    @Override
    void mapOver(long address, long bytes) {
      // never past the mapping, whose last part is a small one
      super.mapOver(address, bytes == 2 * PAGE ? 3 * PAGE : bytes);
    }
  }
}

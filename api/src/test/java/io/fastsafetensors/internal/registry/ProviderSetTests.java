// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.fastsafetensors.Device;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.spi.IoBackend;
import io.fastsafetensors.spi.Provider;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.ServiceConfigurationError;
import java.util.function.Supplier;
import org.example.ForeignBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found is checked; what is refused is reported and does not get in the way. */
class ProviderSetTests {
  private static final List<String> RESERVED = List.of("cpu", "gds");

  private static ProviderSet<IoBackend> check(IoBackend... found) {
    return ProviderSet.of(PluginReport.Kind.BACKEND, RESERVED, List.of(found).iterator());
  }

  private static List<String> ids(ProviderSet<IoBackend> set) {
    return set.accepted().stream().map(RegisteredPlugin::id).toList();
  }

  /** Behaves like a service loader: some providers come out as errors. */
  private static Iterator<IoBackend> loader(List<Supplier<IoBackend>> suppliers) {
    Queue<Supplier<IoBackend>> left = new ArrayDeque<>(suppliers);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !left.isEmpty();
      }

      @Override
      public IoBackend next() {
        return left.remove().get();
      }
    };
  }

  @Test
  void theFirstOfTwoWithOneIdIsKept() {
    ProviderSet<IoBackend> set = check(ProbeOnly.available("twin", 1), new ForeignBackend("twin"));
    assertThat(ids(set)).containsExactly("twin");
    assertThat(set.accepted().getFirst().priority()).isEqualTo(1);
    PluginReport refused = set.refused().getFirst();
    assertThat(refused.available()).isFalse();
    assertThat(refused.detail().toString())
        .startsWith("refused: id 'twin' is taken by " + ProbeOnly.class.getName() + " from ")
        .endsWith(": remove one of the two");
    assertThat(refused.source()).isNotEmpty();
  }

  @Test
  void reservedIdsAreForThisProjectsOwn() {
    ProviderSet<IoBackend> set = check(new ForeignBackend("cpu"), ProbeOnly.available("gds", 0));
    assertThat(ids(set)).containsExactly("gds");
    assertThat(set.refused().getFirst().detail().toString())
        .isEqualTo("refused: id 'cpu' is reserved for this project's own plug-ins");
  }

  @Test
  void aReservedIdThatWasRefusedIsFreeForItsOwner() {
    ProviderSet<IoBackend> set = check(new ForeignBackend("cpu"), ProbeOnly.available("cpu", 0));
    assertThat(set.accepted().getFirst().provider()).isInstanceOf(ProbeOnly.class);
  }

  @Test
  void anotherSpiVersionIsRefused() {
    ProviderSet<IoBackend> set = check(ProbeOnly.ofVersion("next", 2));
    assertThat(set.accepted()).isEmpty();
    assertThat(set.refused().getFirst().detail().toString())
        .isEqualTo(
            "refused: built for SPI version 2, this is version %d: update the older of the two"
                .formatted(Provider.SPI_VERSION));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "UPPER", "a b", "-x", "x-", "a--b", "a:b", "load", "group", "config", "auto", "load-x"
      })
  void idsOfAnotherFormAreRefused(String id) {
    assertThat(check(ProbeOnly.available(id, 0)).refused().getFirst().detail().toString())
        .isEqualTo("refused: id '" + id + "': want " + Provider.ID_FORM);
  }

  @Test
  void idsMayBeginWithADigit() {
    assertThat(ids(check(ProbeOnly.available("3fs", 0)))).containsExactly("3fs");
  }

  @Test
  void aProviderThatCantBeMadeDoesNotHideTheOthers() {
    List<Supplier<IoBackend>> suppliers =
        List.of(
            () -> ProbeOnly.available("first", 0),
            () -> {
              throw new ServiceConfigurationError("x", new IllegalStateException("constructor"));
            },
            () -> {
              throw new NoClassDefFoundError("jcuda/Pointer");
            },
            () -> ProbeOnly.available("last", 0));
    ProviderSet<IoBackend> set =
        ProviderSet.of(PluginReport.Kind.BACKEND, RESERVED, loader(suppliers));
    assertThat(ids(set)).containsExactly("first", "last");
    assertThat(set.refused())
        .extracting(report -> report.detail().toString())
        .satisfiesExactly(
            detail -> assertThat(detail).contains("can't be made", "constructor"),
            detail -> assertThat(detail).contains("jcuda/Pointer"));
  }

  @Test
  void aProviderThatThrowsWhenAskedIsRefusedByItsClass() {
    IoBackend silent =
        ProbeOnly.answering(null, 0, () -> null); // Its id is null: the pattern throws.
    ProviderSet<IoBackend> set = check(silent, ProbeOnly.available("good", 0));
    assertThat(ids(set)).containsExactly("good");
    assertThat(set.refused().getFirst().detail().toString())
        .startsWith("refused: " + ProbeOnly.class.getName() + " doesn't say what it is");
  }

  @Test
  void aLoaderThatFailsForEverIsLeft() {
    Iterator<IoBackend> broken =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            throw new ServiceConfigurationError("the same again");
          }

          @Override
          public IoBackend next() {
            throw new AssertionError("not reached");
          }
        };
    assertThat(ProviderSet.of(PluginReport.Kind.BACKEND, RESERVED, broken).refused()).isNotEmpty();
  }

  @Test
  void refusedOnesAreInEveryReportOfTheKind() {
    Registry registry =
        Registry.of(
            Collections.emptyIterator(),
            List.<IoBackend>of(new ForeignBackend("posix")).iterator(),
            Collections.emptyIterator());
    assertThat(registry.probe(Device.CPU))
        .anySatisfy(report -> {
          assertThat(report.id()).isEqualTo("posix");
          assertThat(report.detail().toString()).contains("is reserved");
        });
  }
}

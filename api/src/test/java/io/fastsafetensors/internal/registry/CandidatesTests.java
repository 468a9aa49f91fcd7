// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import io.fastsafetensors.BackendUnavailableException;
import io.fastsafetensors.Device;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.PluginReport;
import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.IoBackend;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The selection table, row by row. */
class CandidatesTests {
  private static final Device CPU = Device.CPU;

  private static Candidates<IoBackend> all(IoBackend... backends) {
    return candidates(BackendChoice.FREE, backends);
  }

  private static Candidates<IoBackend> asked(String id, IoBackend... backends) {
    return candidates(BackendChoice.of(Optional.of(id)), backends);
  }

  private static Candidates<IoBackend> candidates(BackendChoice choice, IoBackend... backends) {
    return Registry.of(
            Collections.emptyIterator(), List.of(backends).iterator(), Collections.emptyIterator())
        .backends(CPU, choice);
  }

  private static ProbeOnly notByDefault(String id, int priority) {
    return ProbeOnly.answering(
        id, priority, () -> Availability.available("slow mode").onlyIfAskedFor());
  }

  @Test
  void theIdAskedForWinsOverPriority() throws Exception {
    ProbeOnly low = ProbeOnly.available("low", 1);
    ProbeOnly high = ProbeOnly.available("high", 9);
    assertThat(asked("low", high, low).next()).isSameAs(low);
    assertThat(high.probes()).isZero();
  }

  @Test
  void theIdAskedForFailsHardIfUnavailable() {
    ProbeOnly other = ProbeOnly.available("other", 9);
    Candidates<IoBackend> candidates =
        asked("down", other, ProbeOnly.unavailable("down", 1, "no driver: install one"));
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(candidates::next)
        .withMessage(
            "'down', asked for to read files to cpu, is unavailable; down: no driver: install one")
        .satisfies(e -> assertThat(e.candidates()).hasSize(1));
    assertThat(other.probes()).isZero();
  }

  @Test
  void anIdAskedForThatIsNotThereNamesThoseThatAre() {
    Candidates<IoBackend> candidates =
        asked("gsd", ProbeOnly.available("gds", 2), ProbeOnly.ofVersion("old", 0));
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(candidates::next)
        .withMessageStartingWith(
            "'gsd', asked for to read files to cpu, was not found: did you mean 'gds'? Or add its"
                + " jar to the module path or the class path; gds: not asked for")
        .withMessageContaining("old: refused: built for SPI version 0, this is version 1");
  }

  @Test
  void whatIsSwitchedOffIsReportedAndNeverProbed() throws Exception {
    ProbeOnly high = ProbeOnly.available("high", 9);
    ProbeOnly low = ProbeOnly.available("low", 1);
    Candidates<IoBackend> candidates =
        candidates(new BackendChoice(Optional.empty(), Set.of("high"), Map.of()), high, low);
    assertThat(candidates.next()).isSameAs(low);
    assertThat(high.probes()).isZero();
    assertThat(candidates.reports().getFirst().detail()).hasToString("switched off: high=off");
  }

  @Test
  void theIdAskedForMayBeOneThatIsNotChosenByDefault() throws Exception {
    ProbeOnly slow = notByDefault("slow", 1);
    assertThat(asked("slow", slow).next()).isSameAs(slow);
  }

  @Test
  void theHighestPriorityThatIsAvailableWins() throws Exception {
    ProbeOnly best = ProbeOnly.unavailable("best", 30, "no hardware");
    ProbeOnly good = ProbeOnly.available("good", 20);
    ProbeOnly plain = ProbeOnly.available("plain", 0);
    Candidates<IoBackend> candidates = all(plain, good, best);
    assertThat(candidates.next()).isSameAs(good);
    assertThat(best.probes()).isEqualTo(1);
    assertThat(plain.probes()).as("probes of one that was not needed").isZero();
    assertThat(candidates.reports())
        .extracting(PluginReport::id, PluginReport::available, report -> report.detail().toString())
        .containsExactly(tuple("best", false, "no hardware"), tuple("good", true, "works"));
  }

  @Test
  void tiesGoById() throws Exception {
    ProbeOnly b = ProbeOnly.available("b", 5);
    ProbeOnly a = ProbeOnly.available("a", 5);
    Candidates<IoBackend> candidates = all(b, a);
    assertThat(candidates.next()).isSameAs(a);
    assertThat(candidates.next()).isSameAs(b);
  }

  @Test
  void whatIsNotForDefaultIsPassedOver() throws Exception {
    ProbeOnly plain = ProbeOnly.available("plain", 0);
    Candidates<IoBackend> candidates = all(notByDefault("slow", 20), plain);
    assertThat(candidates.next()).isSameAs(plain);
    assertThat(candidates.reports().getFirst())
        .extracting(PluginReport::available, report -> report.detail().toString())
        .containsExactly(true, "only if asked for: slow mode");
  }

  @Test
  void aProbeThatThrowsMakesUnavailable() throws Exception {
    ProbeOnly broken =
        ProbeOnly.answering(
            "broken",
            9,
            () -> {
              throw new UnsatisfiedLinkError("no libx.so");
            });
    ProbeOnly silent = ProbeOnly.answering("silent", 8, () -> null);
    ProbeOnly plain = ProbeOnly.available("plain", 0);
    Candidates<IoBackend> candidates = all(broken, silent, plain);
    assertThat(candidates.next()).isSameAs(plain);
    assertThat(candidates.reports())
        .extracting(report -> report.detail().toString())
        .containsExactly(
            "its probe failed: java.lang.UnsatisfiedLinkError: no libx.so",
            "its probe failed: java.lang.NullPointerException: null",
            "works");
  }

  @Test
  void noneLeftSaysWhyOfEach() {
    Candidates<IoBackend> candidates =
        all(
            ProbeOnly.unavailable("a", 2, "no driver"),
            ProbeOnly.unavailable("b", 1, "no library"));
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(candidates::next)
        .withMessage("nothing available to read files to cpu; a: no driver; b: no library");
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> all().next())
        .withMessage(
            "nothing available to read files to cpu; found no plug-in of that kind: add its jar to"
                + " the module path or class path");
  }

  @Test
  void eachIsProbedOnce() throws Exception {
    ProbeOnly only = ProbeOnly.available("only", 0);
    Candidates<IoBackend> candidates = all(only);
    assertThat(candidates.tryNext()).contains(only);
    assertThat(candidates.tryNext()).isEmpty();
    assertThat(only.probes()).isEqualTo(1);
  }

  @Test
  void reportsProbeEverything() {
    ProbeOnly high = ProbeOnly.available("high", 9);
    ProbeOnly low = ProbeOnly.answering("low", 0, () -> Availability.unavailable("no"));
    Registry registry =
        Registry.of(
            Collections.emptyIterator(),
            List.<IoBackend>of(low, high).iterator(),
            Collections.emptyIterator());
    assertThat(registry.probe(CPU))
        .extracting(PluginReport::kind, PluginReport::id, PluginReport::available)
        .containsExactly(
            tuple(PluginReport.Kind.DEVICE, "host", true),
            tuple(PluginReport.Kind.BACKEND, "high", true),
            tuple(PluginReport.Kind.BACKEND, "low", false));
  }

  @Test
  void aDeviceWithoutARuntimeIsUnavailable() {
    Registry registry =
        Registry.of(
            Collections.emptyIterator(), Collections.emptyIterator(), Collections.emptyIterator());
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> registry.runtimes(Device.parse("cuda:1")).next())
        .withMessageStartingWith("nothing available for device cuda:1; found no plug-in");
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> registry.runtimes(Device.parse("cdua:0")).next())
        .withMessageStartingWith(
            "nothing available for device cdua:0: no plug-in has devices of type 'cdua'; did you"
                + " mean 'cuda'?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> registry.probe(Device.parse("abacus")))
        .withMessage(
            "device 'abacus:0': no plug-in has devices of type 'abacus'; there are: cpu, cuda");
  }

  @Test
  void aGroupOfOneNeedsNoCollectiveButNamesOneThatThereCouldBe() throws Exception {
    Registry registry =
        Registry.of(
            Collections.emptyIterator(), Collections.emptyIterator(), Collections.emptyIterator());
    registry.checkCollective(GroupConfig.builder(0, 1).port(9).build());
    registry.checkCollective(GroupConfig.builder(0, 1).port(9).collective("nccl").build());
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() ->
            registry.checkCollective(GroupConfig.builder(0, 1).port(9).collective("ncll").build()))
        .withMessageStartingWith(
            "'ncll', asked for for groups on cpu, was not found: did you mean 'nccl'?");
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.ValueDescriptor;

/** Writes {@code docs/events.md} from the classes of events, and from an example that is run. */
final class EventsDocument {
  private static final String EVENTS = "io.fastsafetensors.";
  private static final List<String> OF_ALL =
      List.of("startTime", "duration", "eventThread", "stackTrace");

  private static final String HEAD =
      """
      # Events: what a load tells while it runs

      Made by `EventsTests` from the classes in the code; to rewrite it after a change:
      `mvn verify -pl integration-tests -am -Dtest=EventsTests -Dsurefire.failIfNoSpecifiedTests=false -Dgolden.accept=true`.

      A load can be watched in four ways. All four tell of the same moments.

      | way | for | costs |
      |---|---|---|
      | `fst load --report load.html` | one load, looked at by people | next to nothing |
      | `Loader.Builder.listener`, a `LoadListener` | meters and traces of a program | what the listener does |
      | `LoadRecorder`, a listener that keeps all | a timeline in a program | some 150 bytes an event |
      | JDK Flight Recorder | a whole process, next to the JVM's own events | starting the recorder, some 0.2 s |

      ## Kinds of work

      `LoadEvent.kind()` and the field `phase` of `io.fastsafetensors.Phase` name what was done:

      | kind | phase of the load | bytes | of a file |
      |---|---|---|---|
      | `BEGUN` | a load, or a stream, begins | | |
      | `HEADERS` | headers are read, and compared between ranks | | no |
      | `MEMORY` | memory is made for a read: its pages, or a buffer | of the read | yes |
      | `READ` | a block is read, or mapped; `path()` says which way | of the block | yes |
      | `STAGING` | a thread waits for staging memory, since copies to the device are slower than reads | | yes |
      | `COPY` | copies to the device are waited for after the last read of a file | | yes |
      | `CONVERSION` | tensors are converted to another type | of the tensors in the file | yes |
      | `EXCHANGE` | ranks give each other bytes while they load | that this rank got | no |
      | `RANKS_AWAITED` | this rank waits for others to come as far | | no |
      | `ROOM_AWAITED` | a stream waits until its consumer closes tensors | | no |
      | `ENDED` | the load has ended; `report()` or `failure()` says how | | |

      Each but the first is told when it ends, with when it began and how long it took. Sums of `bytes` of reads by `path` are
      those of `FileReport.bytesByPath`. Several threads read at a time, so that times add up to more than the load took.
      Reads of an open checkpoint (`Checkpoint.open`) are no load: the flight recorder alone hears of them. What ranks give
      each other after a load, when tensors are asked for, is none either.

      ## A listener

      It is called by the thread that did the work, by several at a time, so it must be thread-safe and quick. What it
      throws ends no load: it is logged once, and the listener hears no more of that load. Micrometer's meters are a fit:

      ```java
      @CODE@
      ```

      `Loader.builder().listener(new LoadMeters(registry)).open(path)` has its loads counted. OpenTelemetry's `LongCounter` and
      `DoubleHistogram` are used in the same places.

      ## JDK Flight Recorder

      `java -XX:StartFlightRecording:filename=load.jfr ...` records `Load`; what is off is switched on by
      `-XX:StartFlightRecording:filename=load.jfr,io.fastsafetensors.BlockRead#enabled=true,io.fastsafetensors.Phase#enabled=true`.
      `jfr print --events 'io.fastsafetensors.*' load.jfr` prints them. An event of `BlockRead` or `Phase` is made when
      the work has ended; `readTime` and `time` say how long it took.
      """;

  private EventsDocument() {}

  static List<String> lines() throws IOException {
    List<String> lines = new ArrayList<>(HEAD.replace("@CODE@", example()).lines().toList());
    events().forEach(event -> addEvent(event, lines));
    return lines;
  }

  /** Returns the source of the listener that {@link LoadMetersTests} runs, without its package. */
  private static String example() throws IOException {
    Path source =
        Path.of("src", "test", "java", "io", "fastsafetensors", "integration", "LoadMeters.java");
    String text = Files.readString(source);
    return text.substring(text.indexOf("import ")).strip();
  }

  /** Their classes are known once something was recorded: see who calls this. */
  static List<EventType> events() {
    return FlightRecorder.getFlightRecorder().getEventTypes().stream()
        .filter(event -> event.getName().startsWith(EVENTS))
        .sorted((a, b) -> a.getName().compareTo(b.getName()))
        .toList();
  }

  private static void addEvent(EventType event, List<String> lines) {
    String state = isOff(event) ? " Off unless a recording asks for it." : "";
    lines.addAll(List.of("", "### " + event.getName(), ""));
    lines.add(event.getDescription() + "." + state);
    lines.addAll(List.of("", "| field | type | what |", "|---|---|---|"));
    event.getFields().stream()
        .filter(field -> !OF_ALL.contains(field.getName()))
        .forEach(field ->
            lines.add("| `%s` | %s | %s |".formatted(field.getName(), type(field), what(field))));
  }

  private static boolean isOff(EventType event) {
    return event.getSettingDescriptors().stream()
        .anyMatch(s -> s.getName().equals("enabled") && s.getDefaultValue().equals("false"));
  }

  private static String type(ValueDescriptor field) {
    String content = field.getContentType() == null ? "" : field.getContentType();
    return Stream.of(field.getTypeName().replace("java.lang.", ""), unit(content))
        .filter(part -> !part.isEmpty())
        .reduce((type, unit) -> type + ", " + unit)
        .orElseThrow();
  }

  private static String unit(String content) {
    return switch (content) {
      case "jdk.jfr.DataAmount" -> "bytes";
      case "jdk.jfr.Timespan" -> "nanoseconds";
      default -> "";
    };
  }

  private static String what(ValueDescriptor field) {
    return field.getDescription() == null
        ? field.getLabel()
        : field.getLabel() + ": " + field.getDescription();
  }
}

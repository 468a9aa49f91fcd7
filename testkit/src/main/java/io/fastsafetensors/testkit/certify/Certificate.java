// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.TestkitEnvironment;
import io.fastsafetensors.testkit.certify.Outcome.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Collectors;

/** Trials as a document in Markdown: what was tried where, and what became of each rule. */
final class Certificate {
  private Certificate() {}

  static String of(List<Trial> trials) {
    return """
    # Certificate

    | | |
    |---|---|
    | rules | docs/spi-rules.md, SPI version %s |
    | testkit | %s |
    | date | %s |
    | environment | %s |
    | files | %s |
    | sizes over 4 GiB | %s |

    """
            .formatted(
                Provider.SPI_VERSION,
                testkit(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS),
                environment(),
                folder(TestkitEnvironment.fromSystem().folder()),
                TestkitEnvironment.fromSystem().large() ? "tried" : "not tried")
        + trials.stream().map(Certificate::section).collect(Collectors.joining("\n"));
  }

  private static String testkit() {
    Module module = Certificate.class.getModule();
    return module.isNamed() ? module.getDescriptor().toNameAndVersion() : "on the class path";
  }

  private static String environment() {
    return "Java %s, %s %s %s, %s cores"
        .formatted(
            Runtime.version(),
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch"),
            Runtime.getRuntime().availableProcessors());
  }

  private static String folder(Path folder) {
    try {
      return folder + " on " + Files.getFileStore(folder).type();
    } catch (IOException e) {
      return folder + ", " + e;
    }
  }

  private static String section(Trial trial) {
    Subject subject = trial.subject();
    return """
    ## %s

    %s, priority %s: %s

    Device: %s

    **%s**

    | rule | passed | failed | skipped | left out | |
    |---|---|---|---|---|---|
    %s
    """
        .formatted(
            subject,
            subject.source(),
            subject.provider().priority(),
            cell(subject.detail()),
            cell(subject.deviceName()),
            cell(trial.conclusion()),
            trial.rules().stream().map(Certificate::row).collect(Collectors.joining("\n")));
  }

  private static String row(RuleCount rule) {
    return "| %s | %s | %s | %s | %s | %s |"
        .formatted(
            rule.rule(),
            rule.count(Status.PASSED),
            rule.count(Status.FAILED),
            rule.count(Status.SKIPPED),
            rule.count(Status.LEFT_OUT),
            cell(String.join("; ", rule.reasons())));
  }

  /** Text from elsewhere must not end the cell or start markup. */
  private static String cell(String text) {
    return text.replaceAll("[|<*_`\\[\\]]", "\\\\$0").replaceAll("\\s+", " ");
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.certify.Trial.Verdict;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Certifies the plug-ins of this JVM: prints each rule as it goes, writes reports, and exits with 0
 * if none was refused and at least one certified, with 1 if not, and with 2 if called wrongly.
 */
public final class CertifyMain {
  private CertifyMain() {}

  /** Certifies what the arguments ask for. */
  public static void main(String[] args) {
    PrintWriter out =
        new PrintWriter(
            new OutputStreamWriter(
                new FileOutputStream(FileDescriptor.out), StandardCharsets.UTF_8));
    int exit = run(out, args);
    out.flush();
    System.exit(exit);
  }

  /** Returns the exit status. */
  static int run(PrintWriter out, String... args) {
    try {
      return certify(Choice.parse(args), out);
    } catch (IllegalArgumentException e) {
      out.println("certify: " + e.getMessage());
      return 2;
    } catch (IOException | IllegalStateException e) {
      out.println("certify: " + e.getMessage());
      return 1;
    }
  }

  private static int certify(Choice choice, PrintWriter out) throws IOException {
    Subjects subjects = new Subjects(choice);
    IdentityHashMap<Provider, Stop> stops = new IdentityHashMap<>();
    List<Trial> trials = new ArrayList<>();
    for (Subject subject : subjects.find()) {
      Stop stop = stops.computeIfAbsent(subject.provider(), any -> new Stop(choice.limits()));
      trials.add(certify(subject, choice, stop, out));
    }
    for (Path report : choice.reports()) {
      write(trials, report);
    }
    conclude(trials, out);
    if (trials.isEmpty()) {
      out.println(
          "%s: no such plug-in on the module path or the class path; there are: %s"
              .formatted(choice.name(), subjects.names()));
    } else if (trials.stream().allMatch(trial -> trial.outcomes().isEmpty())) {
      out.println(choice.leftOut() + ", and none of them binds these plug-ins");
    }
    long kept = count(trials, Verdict.CERTIFIED) + count(trials, Verdict.PARTLY);
    return count(trials, Verdict.REFUSED) == 0 && kept > 0 ? 0 : 1;
  }

  private static Trial certify(Subject subject, Choice choice, Stop stop, PrintWriter out) {
    out.println(subject + ", " + subject.source() + ": " + subject.detail());
    out.println("  " + subject.deviceName());
    Trial trial;
    try (TrialProgress progress = new TrialProgress(out)) {
      progress.begin();
      trial = Trial.of(subject, choice, stop, progress);
    }
    out.println(subject + ": " + trial.conclusion());
    out.println();
    out.flush();
    return trial;
  }

  private static void conclude(List<Trial> trials, PrintWriter out) {
    out.printf(
        "%s certified, %s refused, %s not tried",
        count(trials, Verdict.CERTIFIED),
        count(trials, Verdict.REFUSED),
        count(trials, Verdict.NOT_TRIED));
    long partly = count(trials, Verdict.PARTLY);
    out.println(partly == 0 ? "" : ", " + partly + " passed in a part of the rules");
  }

  private static long count(List<Trial> trials, Verdict verdict) {
    return trials.stream().filter(trial -> trial.verdict() == verdict).count();
  }

  private static void write(List<Trial> trials, Path report) throws IOException {
    Path folder = report.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    if (report.toString().endsWith(".xml")) {
      JunitXml.write(trials, report);
    } else {
      Files.writeString(report, Certificate.of(trials));
    }
  }
}

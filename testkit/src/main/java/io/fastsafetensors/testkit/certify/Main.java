// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

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
import java.util.List;

/**
 * Certifies the plug-ins of this JVM: prints a table a plug-in, writes reports, and exits with 0 if
 * none was refused and at least one certified, with 1 if not, and with 2 if called wrongly.
 */
public final class Main {
  private Main() {}

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
    List<Trial> trials = new ArrayList<>();
    for (Subject subject : Subjects.find(choice)) {
      out.println(subject + ", " + subject.source() + ": " + subject.detail());
      out.println("  " + subject.deviceName());
      out.flush();
      Trial trial = Trial.of(subject);
      trials.add(trial);
      TextTable.print(trial, out);
    }
    for (Path report : choice.reports()) {
      write(trials, report);
    }
    out.printf(
        "%d certified, %d refused, %d not tried%n",
        count(trials, Verdict.CERTIFIED),
        count(trials, Verdict.REFUSED),
        count(trials, Verdict.NOT_TRIED));
    if (trials.isEmpty()) {
      out.println(choice.name() + ": no such plug-in on the module path or the class path");
    }
    return count(trials, Verdict.REFUSED) == 0 && count(trials, Verdict.CERTIFIED) > 0 ? 0 : 1;
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

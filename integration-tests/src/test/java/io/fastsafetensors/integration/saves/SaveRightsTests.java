// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration.saves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may save over whose files, and whose the new ones are. */
@Tag("root")
class SaveRightsTests {
  private static final int NOBODY = 65534;

  /** May read everything, so that classes are found, but owns nothing. */
  private static final List<String> AS_NOBODY =
      List.of(
          "setpriv",
          "--reuid=" + NOBODY,
          "--regid=" + NOBODY,
          "--clear-groups",
          "--inh-caps=-all,+dac_read_search",
          "--ambient-caps=-all,+dac_read_search",
          "--bounding-set=-all,+dac_read_search");

  @TempDir private Path temp;
  private Path folder;

  @BeforeEach
  void makeFolder() throws IOException {
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxr-xr-x"));
    folder = Files.createDirectory(temp.toRealPath().resolve("out"));
    assumeTrue(uid(folder) == 0, "to be another user takes root");
  }

  private static int uid(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:uid");
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private void forAll(String mode, int owner) throws IOException {
    for (Path file : files()) {
      Files.setAttribute(file, "unix:uid", owner);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }
  }

  /** Saves generation 2 as nobody; returns what came of it. */
  private String save(int shards, String umask, List<String> user) throws Exception {
    List<String> command = new ArrayList<>(user);
    command.addAll(List.of("sh", "-c", "umask " + umask + "; exec \"$@\"", "sh"));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-cp",
            System.getProperty("java.class.path"),
            SavingOnce.class.getName(),
            folder.toString(),
            "2",
            Integer.toString(shards)));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String said = String.join("\n", process.inputReader().lines().toList());
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  @Test
  void aFolderOfSomebodyElse() throws Exception {
    new Generation(1, 2).save(folder);
    Map<String, byte[]> before = GroupSet.contents(folder);
    assertThat(save(3, "022", AS_NOBODY))
        .isEqualTo(
            "can't save to %s: the folder %s isn't writable for this process"
                .formatted(folder, folder));
    assertThat(GroupSet.contents(folder)).containsExactlyInAnyOrderEntriesOf(before);
  }

  /** Whoever may write to a folder may replace files there, which are theirs then. */
  @Test
  void filesOfSomebodyElse() throws Exception {
    for (int shards : new int[] {1, 2}) {
      new Generation(1, shards).save(folder);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
      forAll("rw-r-----", 0);
      assertThat(save(shards, "077", AS_NOBODY)).isEqualTo("saved");
      assertThat(Generation.read(folder)).isEqualTo(2);
      for (Path file : files()) {
        assertThat(mode(file)).as("%s", file).isEqualTo("rw-r-----");
        assertThat(uid(file)).as("%s", file).isEqualTo(NOBODY);
      }
    }
  }

  /** In such a folder nobody may rename over, or delete, what somebody else has there. */
  @Test
  void filesOfSomebodyElseInAStickyFolder() throws Exception {
    for (int shards : new int[] {1, 2}) {
      new Generation(1, shards).save(folder);
      Files.setAttribute(folder, "unix:mode", 01777);
      Map<String, byte[]> before = GroupSet.contents(folder);
      assertThat(save(shards, "022", AS_NOBODY))
          .isEqualTo(
              "can't save to "
                  + folder
                  + ": Operation not permitted: save as the user who owns the files, or elsewhere");
      assertThat(GroupSet.contents(folder)).containsExactlyInAnyOrderEntriesOf(before);
    }
  }

  @Test
  void newFilesHaveTheModeOfTheUmask() throws Exception {
    for (String umask : List.of("077", "027", "002")) {
      for (Path file : files()) {
        Files.delete(file);
      }
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
      assertThat(save(2, umask, AS_NOBODY)).isEqualTo("saved");
      String mode =
          switch (umask) {
            case "077" -> "rw-------";
            case "027" -> "rw-r-----";
            default -> "rw-rw-r--";
          };
      assertThat(files()).hasSize(3);
      for (Path file : files()) {
        assertThat(mode(file)).as("%s", file).isEqualTo(mode);
      }
    }
  }

  @Test
  void rootKeepsTheOwner() throws Exception {
    for (int shards : new int[] {1, 2}) {
      new Generation(1, shards).save(folder);
      forAll("rw----r--", NOBODY);
      assertThat(save(3, "022", List.of())).isEqualTo("saved");
      for (Path file : files()) {
        assertThat(mode(file)).as("%s", file).isEqualTo("rw----r--");
        assertThat(uid(file)).as("%s", file).isEqualTo(NOBODY);
      }
      for (Path file : files()) {
        Files.delete(file);
      }
    }
  }
}

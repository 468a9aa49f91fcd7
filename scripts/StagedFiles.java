// SPDX-License-Identifier: Apache-2.0
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Looks at the files of a release: {@code check REPOSITORY VERSION THIRD-PARTY} wants all that
 * Maven Central asks for, and in the SBOMs what that document lists; {@code compare ONE OTHER}
 * wants the same bytes in both, but for signatures.
 */
final class StagedFiles {
  /** Signatures have the time in them, and so has what contains them. */
  private static final String SIGNED = ".*(\\.asc|central-bundle-.*\\.zip)";

  private static final Pattern PACKAGE =
      Pattern.compile("\"purl\" : \"pkg:maven/(.+?)/(.+?)@(.+?)\\?");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `(.+?):(.+?)`.*? \\| (.+?) \\|");
  private static final List<String> CHECKSUMS = List.of("md5", "sha1");

  private final List<String> problems = new ArrayList<>();
  private int right;

  public static void main(String[] arguments) throws Exception {
    StagedFiles files = new StagedFiles();
    switch (arguments[0]) {
      case "check" -> {
        files.check(Path.of(arguments[1]), arguments[2]);
        files.checkThirdParties(Path.of(arguments[1]), Path.of(arguments[3]));
      }
      case "compare" -> files.compare(Path.of(arguments[1]), Path.of(arguments[2]));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
    files.problems.forEach(System.out::println);
    System.out.printf(
        "%s: %d files right, %d problems%n", arguments[0], files.right, files.problems.size());
    System.exit(files.problems.isEmpty() ? 0 : 1);
  }

  private void check(Path repository, String version) throws Exception {
    Map<String, Path> files = files(repository);
    if (files.isEmpty()) {
      problems.add(repository + ": no files");
    }
    for (Map.Entry<String, Path> file : files.entrySet()) {
      if (!file.getKey().matches(".*\\.(asc|md5|sha1)")) {
        checkFile(file.getKey(), file.getValue(), files);
      }
      if (file.getKey().endsWith(".pom")) {
        checkArtifact(file.getKey(), Files.readString(file.getValue()), version, files);
      }
    }
  }

  private void checkFile(String name, Path file, Map<String, Path> files) throws Exception {
    want(files.containsKey(name + ".asc"), name + ": no signature");
    for (String kind : CHECKSUMS) {
      Path sum = files.get(name + "." + kind);
      byte[] digest =
          MessageDigest.getInstance(kind.replace("sha1", "sha-1")).digest(Files.readAllBytes(file));
      want(
          sum != null && Files.readString(sum).equals(HexFormat.of().formatHex(digest)),
          name + ": no " + kind + ", or a wrong one");
    }
  }

  private void checkArtifact(String name, String pom, String version, Map<String, Path> files) {
    for (String element :
        List.of("name", "description", "url", "licenses", "developers", "scm", "connection")) {
      want(pom.contains("<" + element), name + ": no <" + element + ">");
    }
    want(pom.contains("<version>" + version + "</version>"), name + ": isn't of " + version);
    want(!pom.contains("-SNAPSHOT"), name + ": needs a snapshot");
    want(!pom.contains("<parent>"), name + ": has a parent");
    want(
        !pom.replace("${project.version}", "").contains("${"),
        name + ": has a property that nothing resolves");
    want(!pom.contains("<profile>"), name + ": has a profile, which Gradle doesn't know");
    String stem = name.substring(0, name.length() - ".pom".length());
    want(files.containsKey(stem + "-cyclonedx.json"), name + ": no SBOM");
    if (!pom.contains("<packaging>pom</packaging>")) {
      for (String jar : List.of(".jar", "-sources.jar", "-javadoc.jar")) {
        want(files.containsKey(stem + jar), name + ": no " + stem + jar);
      }
    }
  }

  private void checkThirdParties(Path repository, Path document) throws IOException {
    TreeSet<String> shipped = new TreeSet<>();
    for (Path file : files(repository).values()) {
      if (file.toString().endsWith("-cyclonedx.json")) {
        shipped.addAll(all(PACKAGE, file));
      }
    }
    shipped.removeIf(name -> name.startsWith("io.fastsafetensors:"));
    Set<String> listed = new TreeSet<>(all(ROW, document));
    want(shipped.equals(listed), "the SBOMs have " + shipped + ", " + document + " has " + listed);
  }

  /** Returns group, artifact and version of each match. */
  private static List<String> all(Pattern pattern, Path file) throws IOException {
    return pattern
        .matcher(Files.readString(file))
        .results()
        .map(match -> match.group(1) + ":" + match.group(2) + ":" + match.group(3))
        .toList();
  }

  private void compare(Path one, Path other) throws IOException {
    Map<String, Path> left = files(one);
    Map<String, Path> right = files(other);
    TreeSet<String> names = new TreeSet<>(left.keySet());
    names.addAll(right.keySet());
    for (String name : names) {
      if (name.matches(SIGNED)) {
        continue;
      }
      if (!left.containsKey(name) || !right.containsKey(name)) {
        problems.add(name + ": only in " + (left.containsKey(name) ? one : other));
      } else {
        boolean equal = Files.mismatch(left.get(name), right.get(name)) < 0;
        want(equal, name + ": differs" + (equal ? "" : inside(left.get(name), right.get(name))));
      }
    }
  }

  /** Returns the entries that differ, where it is an archive. */
  private static String inside(Path one, Path other) throws IOException {
    if (!one.toString().matches(".*\\.(jar|zip)")) {
      return "";
    }
    Map<String, Long> left = entries(one);
    Map<String, Long> right = entries(other);
    TreeSet<String> names = new TreeSet<>(left.keySet());
    names.addAll(right.keySet());
    names.removeIf(name -> left.containsKey(name) && left.get(name).equals(right.get(name)));
    return " in " + (names.isEmpty() ? "order or times of its entries" : names);
  }

  private static Map<String, Long> entries(Path archive) throws IOException {
    Map<String, Long> entries = new TreeMap<>();
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      for (ZipEntry entry : zip.stream().toList()) {
        entries.put(entry.getName(), entry.getCrc());
      }
    }
    return entries;
  }

  private void want(boolean fulfilled, String problem) {
    if (fulfilled) {
      right++;
    } else {
      problems.add(problem);
    }
  }

  private static Map<String, Path> files(Path folder) throws IOException {
    Map<String, Path> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      all.filter(Files::isRegularFile)
          .forEach(file -> files.put(folder.relativize(file).toString(), file));
    }
    return files;
  }
}

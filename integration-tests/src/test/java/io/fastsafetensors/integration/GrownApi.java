// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;

/**
 * A copy of the API in which each class of options, reports and other data has a component more, as
 * a later version may.
 */
final class GrownApi {
  private static final Path SOURCES = Path.of("..", "api", "src", "main", "java");

  /** Data is what is compared by its components. */
  private static final Pattern DATA = Pattern.compile("other instanceof (\\w+) that");

  private static final String MEMBER =
      """
      private final int added;

      /** {@return what was added} */
      public int added() {
        return added;
      }

      """;

  private static final String OPTION =
      """
       {
        private int added = 7;

        /**
         * Adds it.
         *
         * @param value what
         * @return this
         */
        public Builder added(int value) {
          this.added = value;
          return this;
        }
      """;

  private final Map<Path, String> texts = new LinkedHashMap<>();
  private final TreeSet<String> grown = new TreeSet<>();

  private GrownApi() throws IOException {
    for (Path file : SamplePlugin.files(SOURCES)) {
      texts.put(SOURCES.relativize(file), Files.readString(file));
    }
    Map.copyOf(texts).forEach(this::growAll);
  }

  static GrownApi make() throws IOException {
    return new GrownApi();
  }

  /** Returns the simple names of the classes that have a component more. */
  Set<String> classes() {
    return grown;
  }

  private void growAll(Path file, String text) {
    boolean isPublic = !file.toString().contains("internal") && text.contains("\npublic ");
    Matcher data = DATA.matcher(text);
    while (isPublic && data.find()) {
      String name = data.group(1);
      // The format has no more than a list of dimensions.
      if (!name.equals("Shape") && grown.add(name)) {
        String changed = grow(name, texts.get(file));
        texts.put(file, changed);
        data = DATA.matcher(changed);
      }
    }
  }

  private String grow(String name, String text) {
    Matcher constructor =
        Pattern.compile("(?m)^ *(private |)" + name + "\\(([^)]*)\\) \\{").matcher(text);
    assertThat(constructor.find()).as("a constructor of " + name).isTrue();
    String parameters = constructor.group(2);
    boolean hasBuilder = parameters.equals("Builder builder");
    String changed =
        text.substring(0, constructor.start())
            + MEMBER
            + constructor.group(1)
            + (name + "(" + parameters + (hasBuilder ? "" : ", int added") + ") {\n")
            + ("this.added = " + (hasBuilder ? "builder." : "") + "added;\n");
    String rest = text.substring(constructor.end());
    if (hasBuilder) {
      return changed + rest.replaceFirst(" class Builder \\{", " class Builder" + OPTION);
    }
    texts.replaceAll((_, other) -> withArgument(name, other));
    return withArgument(name, changed + rest);
  }

  /** Gives each call of a constructor an argument more, whatever the others are. */
  private static String withArgument(String name, String text) {
    Matcher call = Pattern.compile("\\bnew " + name + "\\(").matcher(text);
    StringBuilder changed = new StringBuilder();
    int from = 0;
    while (call.find(from)) {
      int end = end(text, call.end());
      changed.append(text, from, end).append(", 7");
      from = end;
    }
    return changed.append(text.substring(from)).toString();
  }

  /** Returns where the parenthesis is closed that was opened before. */
  private static int end(String text, int from) {
    boolean quoted = false;
    int open = 1;
    for (int at = from; ; at++) {
      char c = text.charAt(at);
      quoted ^= c == '"' && text.charAt(at - 1) != '\\';
      if (!quoted && (c == '(' || c == ')')) {
        open += c == '(' ? 1 : -1;
        if (open == 0) {
          return at;
        }
      }
    }
  }

  /** Compiles it, and packs it as the API's own jar is. */
  Path jar(Path folder) throws IOException {
    Path sources = folder.resolve("grown-sources");
    for (Map.Entry<Path, String> text : texts.entrySet()) {
      Path file = sources.resolve(text.getKey());
      Files.createDirectories(file.getParent());
      Files.writeString(file, text.getValue());
    }
    Path classes = Files.createDirectories(folder.resolve("grown-classes"));
    Javac.compile(
        classes,
        SamplePlugin.files(sources),
        "-nowarn",
        "--module-path",
        Distribution.compilePath());
    Path original = Path.of(Distribution.jars("api").split(File.pathSeparator, -1)[1]);
    Path jar = Files.copy(original, folder.resolve(original.getFileName()));
    int status =
        ToolProvider.findFirst("jar")
            .orElseThrow()
            .run(System.out, System.err, "--update", "--file=" + jar, "-C", "" + classes, ".");
    assertThat(status).isZero();
    return jar;
  }
}

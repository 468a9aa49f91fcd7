// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.AccessPath;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.PluginReport.Kind;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.internal.config.CurrentConfiguration.CurrentSetting;
import io.fastsafetensors.internal.config.PluginOptions.Given;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.spi.Provider.Option;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is set from outside, by system properties and a file; variables are tried by the command.
 */
class PluginOptionsTests {
  private static final String PREFIX = "io.fastsafetensors.";
  private static final Option<Long> DEPTH =
      Option.integer("posix.depth", 1, 64).describedAs("How many reads.");
  private static final Option<Long> KEPT =
      Option.bytes("posix.keptBytes", 0, 1L << 40).ofProcess().describedAs("How much is kept.");

  private final List<String> set = new ArrayList<>();
  private final PluginOptions options =
      new PluginOptions(
          Map.of("backend posix", List.of(DEPTH, KEPT)),
          new PluginIds(
              Map.of(Kind.BACKEND, Set.of("posix", "cpu"), Kind.DEVICE, Set.of("host")),
              Map.of(
                  Kind.BACKEND,
                  Set.of("posix", "cpu", "gds"),
                  Kind.DEVICE,
                  Set.of("host", "cuda"),
                  Kind.COLLECTIVE,
                  Set.of("mpj"))));

  @TempDir private Path folder;

  private void set(String name, String value) {
    System.setProperty(PREFIX + name, value);
    set.add(PREFIX + name);
  }

  @AfterEach
  void clear() {
    set.forEach(System::clearProperty);
  }

  private Path file(String... lines) throws IOException {
    Path file = Files.writeString(folder.resolve("fst.properties"), String.join("\n", lines));
    set("config", file.toString());
    return file;
  }

  private String refusal() {
    return assertThatIllegalArgumentException().isThrownBy(options::check).actual().getMessage();
  }

  @Test
  void whatIsSetNowhereIsTheDefault() {
    LoadOptions defaults = LoadOptions.defaults();
    assertThat(defaults.timeout()).isEqualTo(Sources.current().value(LoadSettings.TIMEOUT));
    assertThat(defaults.path()).isEqualTo(Sources.current().value(LoadSettings.PATH));
    assertThat(defaults.direct()).isEqualTo(Sources.current().value(LoadSettings.DIRECT));
    assertThat((long) defaults.threads()).isEqualTo(Sources.current().value(LoadSettings.THREADS));
    assertThat(defaults.memoryBudget())
        .isEqualTo(Sources.current().value(LoadSettings.MEMORY_BUDGET));
    assertThat(defaults.dtypeRules()).isEmpty();
  }

  @Test
  void theProgramGoesBeforePropertiesAndThoseBeforeTheFile() throws IOException {
    file("load.threads = 3", "load.timeout=5m", "load.path: mapped", "load.dtype-rules=a.*=F32");
    set("load.threads", "4");
    LoadOptions outside = LoadOptions.defaults();
    assertThat(outside.threads()).isEqualTo(4);
    assertThat(outside.timeout()).isEqualTo(Duration.ofMinutes(5));
    assertThat(outside.path()).isEqualTo(AccessPath.MAPPED);
    assertThat(outside.dtypeRules()).hasSize(1);
    LoadOptions program =
        LoadOptions.builder()
            .threads(0)
            .path(AccessPath.AUTO)
            .dtype("b.*", DType.F16)
            .keepDtype("c")
            .build();
    assertThat(program.threads()).isZero();
    assertThat(program.path()).isEqualTo(AccessPath.AUTO);
    assertThat(program.dtypeRules()).extracting(rule -> rule.glob()).containsExactly("b.*", "c");
    assertThat(program.toBuilder().keepDtype("d").build().dtypeRules()).hasSize(3);
  }

  @Test
  void optionsOfPlugInsAreCompletedWhenALoadStarts() throws IOException {
    file("posix.depth=7");
    Given outside = options.complete(LoadOptions.defaults());
    assertThat(outside.properties()).isEqualTo(Map.of("posix.depth", "7"));
    LoadOptions program = LoadOptions.builder().property("posix.depth", "8").build();
    assertThat(options.complete(program).properties()).isEqualTo(Map.of("posix.depth", "8"));
  }

  @Test
  void whatAPlugInOfAnotherLoaderIsGivenIsNoMistake() {
    set("somebody-elses.server", "http://127.0.0.1");
    options.check();
    set("psoix.depth", "7");
    assertThat(refusal()).contains("psoix.depth", "is unknown", "posix.depth");
  }

  @Test
  void whichBackendReadsIsOneChoice() throws IOException {
    file("load.backend=posix", "cpu=off");
    Given outside = options.complete(LoadOptions.defaults());
    assertThat(outside.backend()).contains("posix");
    assertThat(outside.properties()).isEqualTo(Map.of("cpu", "off"));
    Given program = options.complete(LoadOptions.builder().backend("cpu").build());
    assertThat(program).isEqualTo(new Given(java.util.Optional.of("cpu"), Map.of()));
    Given bare = options.complete(LoadOptions.builder().property("cpu", "on").build());
    assertThat(bare).isEqualTo(new Given(java.util.Optional.empty(), Map.of("cpu", "on")));
    Given free = options.complete(LoadOptions.builder().backend("auto").build());
    assertThat(free).isEqualTo(new Given(java.util.Optional.empty(), Map.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "posix.dept, 1, posix.depth",
    "posx.depth, 1, posix.depth",
    "posx, on, posix",
    "load.threads, 1, LoadOptions.Builder.threads",
    "load.dtype-rules, a=F16, LoadOptions.Builder.dtype",
    "load.filters, a, LoadOptions.Builder.filter",
    "load.block-bytes, 1, LoadOptions.Builder.blockBytes",
    "load.thread, 1, load.threads",
    "group.timeout, 1, GroupConfig.Builder.timeout",
    "cuda, off, 'cuda is a device plug-in, no backend'",
    "host, on, 'host is a device plug-in, no backend'",
    "mpj, auto, 'mpj is a collective, no backend'",
    "gds, maybe, 'auto, on, off'",
    "gsd, on, gds",
    "posix.depth, many, 1 to 64",
    "posix.depth, 65, 1 to 64",
    "posix.depth, '', 1 to 64",
    "posix, maybe, 'auto, on, off'",
    "posix.keptBytes, 1, io.fastsafetensors.posix.keptBytes"
  })
  void aWrongPropertyOfALoadNamesWhatIsKnown(String name, String value, String hint) {
    LoadOptions wrong = LoadOptions.builder().property(name, value).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.complete(wrong))
        .withMessageContaining(name)
        .withMessageContaining(hint);
  }

  @Test
  void plugInsOfOursThatAreNotThereAreNoMistake() {
    LoadOptions gds = LoadOptions.builder().property("gds", "off").build();
    assertThatCode(() -> options.complete(gds)).doesNotThrowAnyException();
    set("gds.library", "/nowhere");
    set("cuda.keptPinnedBytes", "0");
    assertThatCode(options::check).doesNotThrowAnyException();
    assertThat(options.configuration().settings()).noneMatch(s -> s.name().startsWith("gds"));
  }

  @Test
  void aBackendOfOursThatIsToReadAndNotThereIsAskedFor() {
    set("gds", "on");
    assertThat(options.complete(LoadOptions.defaults()).properties()).containsEntry("gds", "on");
    set("cuda", "off");
    assertThat(refusal()).contains("cuda is a device plug-in, no backend", "cpu, posix");
  }

  @Test
  void eachSettingOfALoadHasAMethod() {
    for (Option<?> option : LoadSettings.ALL) {
      String method = LoadSettings.method(option).orElseThrow();
      assertThat(LoadOptions.Builder.class.getMethods())
          .as(method)
          .anyMatch(each -> method.equals("LoadOptions.Builder." + each.getName()));
    }
    for (Option<?> option : GroupSettings.ALL) {
      String method = GroupSettings.method(option).orElseThrow();
      assertThat(GroupConfig.Builder.class.getMethods())
          .as(method)
          .anyMatch(each -> method.equals("GroupConfig.Builder." + each.getName()));
    }
  }

  /** An id that is a word of them, or whose variable is one's, would set both. */
  @Test
  void noIdIsAWordOfTheLibrarysOwnSettings() {
    Stream.of(CommonSettings.ALL, LoadSettings.ALL, GroupSettings.ALL)
        .flatMap(List::stream)
        .forEach(option -> {
          String variable = option.environmentVariable().substring("FST_".length());
          String id = variable.toLowerCase(Locale.ROOT).replace('_', '-');
          assertThat(Provider.isId(id)).as(id).isFalse();
          assertThat(Provider.isId(option.name().replaceAll("[.].*", "")))
              .as("" + option)
              .isFalse();
        });
    assertThat(Provider.isId(LoadSettings.AUTO)).isFalse();
    assertThat(Provider.isId("loader")).isTrue();
  }

  @Test
  void waysThatContradictEachOtherNameWhoSetThem() throws IOException {
    Path file = file("load.path=mapped", "load.direct=on");
    assertThat(refusal()).contains("load.path, set by " + file + ":1", "load.direct", ":2");
  }

  @ParameterizedTest
  @CsvSource({
    "load.treads, 1, load.threads",
    "trackLeak, true, trackLeaks",
    "posix.keptByte, 1, posix.keptBytes",
    "trackLeaks, yes, true or false",
    "load.block-bytes, 64 MiB, a unit as in",
    "load.timeout, 0, seconds",
    "posix.keptBytes, -1, bytes",
    "cpu, never, 'auto, on, off'"
  })
  void aWrongSystemPropertyIsAnError(String name, String value, String hint) {
    set(name, value);
    assertThat(refusal()).contains(name, "system property " + PREFIX + name, hint);
  }

  @ParameterizedTest
  @CsvSource({
    "load.alignment, 48, power of two",
    "load.block-bytes, 100, 4096",
    "load.dtype, I64, floating-point",
    "load.dtype, BF61, BF16",
    "load.dtype-rules, F32, GLOB=TYPE",
    "load.filters, 'a,,b', comma",
    "load.cache, yes, ': ''yes'' is no switch: want true or false'",
    "load.path, odd, 'is no such word: want one of auto, mapped, copied'",
    "load.threads, 1025, 0 to 1024"
  })
  void aValueThatNoLoadTakesNamesWhoSetIt(String name, String value, String hint) {
    set(name, value);
    assertThatIllegalArgumentException()
        .isThrownBy(LoadOptions::builder)
        .withMessageContaining("system property " + PREFIX + name)
        .withMessageMatching("(?s)(?!.*want.*want).*")
        .withMessageContaining(hint);
  }

  @ParameterizedTest
  @CsvSource({
    "load.treads=1, 3, load.threads",
    "load.threads, 3, no number",
    "posix.depth=x, 3, 1 to 64",
    "posix.depth=\\u12, 3, Malformed",
    "load.cache=true, 3, was set before",
    "config=other.properties, 3, can't be set by a configuration file"
  })
  void aWrongLineIsNamed(String line, int number, String hint) throws IOException {
    Path file = file("# settings", "load.cache=\\\n  true".replace("\\\n  ", ""), line);
    assertThat(refusal()).contains(file + ":" + number, hint);
  }

  @Test
  void aContinuedLineCountsFromItsBegin() throws IOException {
    Path file = file("load.filters=a,\\", "  b", "x=1");
    assertThat(refusal()).contains(file + ":3", "'x'");
    Files.writeString(file, "load.filters=a,\\\n  b\n#\\\nload.threads=2");
    System.clearProperty(PREFIX + "config");
    assertThat(LoadOptions.defaults().filters()).isEmpty(); // forgets the file
    set("config", file.toString());
    assertThat(LoadOptions.defaults().filters()).containsExactly("a", "b");
    assertThat(LoadOptions.defaults().threads()).isEqualTo(2);
  }

  @Test
  void aFileThatCantBeReadIsAnError() throws IOException {
    set("config", folder.resolve("missing").toString());
    assertThat(refusal()).contains("no such file", "system property io.fastsafetensors.config");
    set("config", folder.toString());
    assertThat(refusal()).contains("no regular file");
    Path binary = Files.write(folder.resolve("binary"), new byte[] {'a', '=', (byte) 0xff});
    set("config", binary.toString());
    assertThat(refusal()).contains("not UTF-8");
  }

  @Test
  void aSecretIsNeverShown() {
    Sources sources = Sources.of(Map.of("FST_GROUP_TOKEN", "hush"));
    CurrentSetting token =
        new CurrentSetting(GroupSettings.TOKEN, "api", sources.find(GroupSettings.TOKEN));
    assertThat(token.value()).isEqualTo("(secret)");
    assertThat(token.origin()).contains("environment variable FST_GROUP_TOKEN");
    assertThat(token.toString()).doesNotContain("hush");
  }

  @Test
  void variablesFollowFromNames() {
    assertThat(KEPT.environmentVariable()).isEqualTo("FST_POSIX_KEPT_BYTES");
    assertThat(LoadSettings.BLOCK_BYTES.environmentVariable()).isEqualTo("FST_LOAD_BLOCK_BYTES");
    Sources sources = Sources.of(Map.of("FST_POSIX_DEPTH", " 9 ", "FST_LOAD_THREADS", " "));
    assertThat(sources.value(DEPTH)).isEqualTo(9);
    assertThat(sources.find(LoadSettings.THREADS)).isEmpty();
  }
}

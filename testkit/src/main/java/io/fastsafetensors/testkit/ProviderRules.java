// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit;

import io.fastsafetensors.spi.Availability;
import io.fastsafetensors.spi.Provider;
import io.fastsafetensors.testkit.ProcessSnapshot.LeakCheck;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * The rules P-101 to P-107: what all plug-ins have in common.
 *
 * @since 0.1
 */
public interface ProviderRules {
  /**
   * Returns the plug-in.
   *
   * @return the provider that is certified
   */
  Provider provider();

  /**
   * Returns the interface that the plug-in is found by.
   *
   * @return the service
   */
  Class<? extends Provider> service();

  /**
   * Probes the plug-in for the device that it is tried on.
   *
   * @return its answer
   */
  Availability probe();

  /**
   * Tells whether the plug-in is to be found by {@link java.util.ServiceLoader}.
   *
   * @return true, unless overridden for a provider that is only used by name in tests
   */
  default boolean published() {
    return true;
  }

  /** Rule P-101: public class, public constructor without arguments, no state. */
  @Test
  default void required_p101_isStatelessAndMadeWithoutArguments() {
    Rule rule = new Rule("P-101");
    Class<?> type = provider().getClass();
    List<Field> state =
        Arrays.stream(type.getDeclaredFields())
            .filter(field -> !field.isSynthetic() && !field.getName().startsWith("$"))
            .filter(field -> !Modifier.isFinal(field.getModifiers()))
            .toList();
    rule.check(state.isEmpty(), "providers are stateless, but there is " + state);
    assumePublished();
    rule.check(Modifier.isPublic(type.getModifiers()), type + " is not public");
    Constructor<?> constructor = rule.allows("getConstructor()", type::getConstructor);
    rule.check(Modifier.isPublic(constructor.getModifiers()), constructor + " is not public");
  }

  /** Rule P-102: an id has the one form that the registry takes, too. */
  @Test
  default void required_p102_idIsWellFormedAndStays() {
    Rule rule = new Rule("P-102");
    String id = provider().id();
    rule.check(Provider.isId(id), "id '" + id + "' is not " + Provider.ID_FORM);
    rule.same(id, provider().id(), "the id asked a second time");
  }

  /** Rule P-103: a probe never throws, gives a reason, and leaves nothing behind. */
  @Test
  default void required_p103_probeAnswersAndLeavesNothingBehind() {
    Rule rule = new Rule("P-103");
    Availability first = Probing.check(rule, "probe()", this::probe);
    LeakCheck.check(
        rule,
        "probes",
        10,
        TestkitEnvironment.fromSystem().quiet(),
        () ->
            rule.same(
                first.getClass(), rule.allows("probe", this::probe).getClass(), "a later answer"));
  }

  /** Rule P-104: the version is the constant, as compiled in. */
  @Test
  default void required_p104_spiVersionIsTheOneCompiledAgainst() {
    new Rule("P-104").same(Provider.SPI_VERSION, provider().spiVersion(), "spiVersion()");
  }

  /** Rule P-105: found on the class path and on the module path alike. */
  @Test
  default void required_p105_isRegisteredForClassPathAndModulePath() {
    Rule rule = new Rule("P-105");
    assumePublished();
    ModuleReference home = home(provider().getClass());
    String name = provider().getClass().getName();
    rule.check(
        services(home).contains(name),
        home.descriptor().name() + ": META-INF/services/" + service().getName() + " lacks " + name);
    Assumptions.assumeFalse(
        home.descriptor().isAutomatic(), "no module-info: found on the class path only");
    rule.check(
        home.descriptor().provides().stream()
            .filter(provides -> provides.service().equals(service().getName()))
            .anyMatch(provides -> provides.providers().contains(name)),
        "module "
            + home.descriptor().name()
            + " lacks: provides "
            + service().getName()
            + " with "
            + name);
  }

  /** Rule P-106: the registry must be able to rely on the priority. */
  @Test
  default void required_p106_priorityStays() {
    new Rule("P-106").same(provider().priority(), provider().priority(), "priority() asked again");
  }

  /** Rule P-107: options have names of their own, defaults and descriptions. */
  @Test
  default void required_p107_optionsAreWellFormedAndStay() {
    Rule rule = new Rule("P-107");
    Provider provider = provider();
    List<String> names = new ArrayList<>();
    for (Provider.Option<?> option : rule.allows("options()", provider::options)) {
      String name = option.name();
      rule.check(
          Provider.isOptionName(provider.id(), name),
          "option '" + name + "' is not called " + provider.id() + ".NAME");
      rule.check(!names.contains(name), "option '" + name + "' is declared twice");
      rule.check(!option.description().isBlank(), "option '" + name + "' has no description");
      rule.allows("the default of option '" + name + "'", option::defaultValue);
      names.add(name);
    }
    rule.same(
        names,
        provider.options().stream().map(Provider.Option::name).toList(),
        "options() asked a second time");
  }

  private void assumePublished() {
    Assumptions.assumeTrue(
        published(), "published() says that no ServiceLoader finds this plug-in");
  }

  private static ModuleReference home(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    Assumptions.assumeTrue(
        source != null, type + " has no code source: where it is from is unknown");
    Path path = Path.of(URI.create(source.getLocation().toString()));
    return ModuleFinder.of(path).findAll().stream()
        .findFirst()
        .orElseThrow(() -> new Rule("P-105").broken(path + " is no jar or folder of a module"));
  }

  private List<String> services(ModuleReference home) {
    try (ModuleReader reader = home.open()) {
      return reader
          .read("META-INF/services/" + service().getName())
          .map(bytes -> StandardCharsets.UTF_8.decode(bytes).toString().lines())
          .map(lines -> lines.map(line -> line.replaceAll("#.*", "").strip()).toList())
          .orElse(List.of());
    } catch (IOException e) {
      throw new Rule("P-105").broken("META-INF/services can't be read: " + e, e);
    }
  }
}

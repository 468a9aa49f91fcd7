// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.cli;

import io.fastsafetensors.spi.Collective;
import io.fastsafetensors.spi.DeviceRuntime;
import io.fastsafetensors.spi.IoBackend;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.constant.ClassDesc;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.reflect.AccessFlag;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Jars that have the class of a plug-in and don't offer it, so that nobody finds it. */
final class UnofferedPlugins {
  private static final List<String> SERVICES =
      Stream.of(DeviceRuntime.class, IoBackend.class, Collective.class)
          .map(Class::getName)
          .toList();

  private UnofferedPlugins() {}

  /** Returns a sentence for each such jar of a module path. */
  static Stream<String> ofModulePath(String path) {
    return jars(path).filter(jar -> !provides(jar)).flatMap(UnofferedPlugins::problem);
  }

  /** Returns a sentence for each such jar of a class path. */
  static Stream<String> ofClassPath(String path) {
    return jars(path).filter(jar -> !isListed(jar)).flatMap(UnofferedPlugins::problem);
  }

  private static boolean provides(ModuleReference jar) {
    return jar.descriptor().provides().stream()
        .anyMatch(provides -> SERVICES.contains(provides.service()));
  }

  /** What can't be read, the JVM itself complains of. */
  private static Stream<ModuleReference> jars(String path) {
    return Stream.of(path.split(File.pathSeparator, -1))
        .filter(entry -> !entry.isEmpty())
        .map(PluginPaths::withoutStar)
        .flatMap(entry -> {
          try {
            return ModuleFinder.of(Path.of(entry)).findAll().stream();
          } catch (FindException e) {
            return Stream.empty();
          }
        });
  }

  private static boolean isListed(ModuleReference jar) {
    try (ModuleReader reader = jar.open()) {
      StringBuilder lists = new StringBuilder();
      for (String service : SERVICES) {
        lists.append(text(reader, "META-INF/services/" + service)).append('\n');
      }
      return lists.toString().lines().anyMatch(line -> !line.replaceAll("#.*", "").isBlank());
    } catch (IOException e) {
      return true; // The JVM itself complains of it.
    }
  }

  private static String text(ModuleReader reader, String name) throws IOException {
    try (InputStream file = reader.open(name).orElseGet(InputStream::nullInputStream)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Stream<String> problem(ModuleReference jar) {
    Map<String, ClassModel> classes = classes(jar);
    return classes.values().stream()
        .filter(type -> !type.flags().has(AccessFlag.ABSTRACT))
        .flatMap(type ->
            service(type, classes).stream()
                .map(service -> problem(jar, type.thisClass().asSymbol(), service)))
        .sorted()
        .limit(1);
  }

  private static String problem(ModuleReference jar, ClassDesc type, String service) {
    String name = type.packageName() + "." + type.displayName();
    return ("%s offers no plug-in, though its class %s is one: it takes 'provides %s with %s;' in"
            + " module-info.java for the module path, and the line %s in META-INF/services/%s for"
            + " the class path")
        .formatted(Path.of(jar.location().orElseThrow()), name, service, name, name, service);
  }

  /** Returns the service that a class implements, maybe by way of other classes of its jar. */
  private static Optional<String> service(ClassModel type, Map<String, ClassModel> classes) {
    for (ClassEntry parent : parents(type)) {
      String name = parent.asInternalName();
      if (SERVICES.contains(name.replace('/', '.'))) {
        return Optional.of(name.replace('/', '.'));
      }
      ClassModel model = classes.get(name);
      Optional<String> inherited = model == null ? Optional.empty() : service(model, classes);
      if (inherited.isPresent()) {
        return inherited;
      }
    }
    return Optional.empty();
  }

  private static List<ClassEntry> parents(ClassModel type) {
    List<ClassEntry> parents = new ArrayList<>(type.interfaces());
    type.superclass().ifPresent(parents::add);
    return parents;
  }

  private static Map<String, ClassModel> classes(ModuleReference jar) {
    Map<String, ClassModel> classes = new HashMap<>();
    try (ModuleReader reader = jar.open()) {
      for (String name : reader.list().filter(each -> each.endsWith(".class")).toList()) {
        ClassModel parsed = ClassFile.of().parse(reader.open(name).orElseThrow().readAllBytes());
        classes.put(parsed.thisClass().asInternalName(), parsed);
      }
    } catch (IOException | IllegalArgumentException e) {
      return Map.of(); // The JVM itself complains of it.
    }
    return classes;
  }
}

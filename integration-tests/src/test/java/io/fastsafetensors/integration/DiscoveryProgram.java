// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.integration;

import io.fastsafetensors.Device;
import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.GroupConfig;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Plugin;
import io.fastsafetensors.Plugins;
import io.fastsafetensors.ProcessGroup;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/** Loads a file in one JVM by loaders that have their plug-ins from different places. */
final class DiscoveryProgram {
  private DiscoveryProgram() {}

  /** Takes what to try, the file, then jars that are on no path of this JVM. */
  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[1]);
    Path[] jars = Arrays.stream(arguments).skip(2).map(Path::of).toArray(Path[]::new);
    switch (arguments[0]) {
      case "layer" -> loads(file, Plugins.in(layer(jars)));
      case "class-loader" -> loads(file, Plugins.in(classLoader(jars)));
      case "instance" -> instances(file, classLoader(jars));
      case "group" -> group(Plugins.in(layer(jars)));
      case "probe-layer" -> Plugins.in(layer(jars)).probe(Device.CPU).forEach(System.out::println);
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static ModuleLayer layer(Path... jars) {
    ModuleFinder finder = ModuleFinder.of(jars);
    Set<String> names =
        finder.findAll().stream()
            .map(found -> found.descriptor().name())
            .collect(Collectors.toSet());
    ModuleLayer boot = ModuleLayer.boot();
    Configuration modules = boot.configuration().resolve(finder, ModuleFinder.of(), names);
    return boot.defineModulesWithOneLoader(modules, ClassLoader.getSystemClassLoader());
  }

  private static ClassLoader classLoader(Path... jars) throws Exception {
    URL[] urls = new URL[jars.length];
    for (int i = 0; i < jars.length; i++) {
      urls[i] = jars[i].toUri().toURL();
    }
    return new URLClassLoader(urls, ClassLoader.getSystemClassLoader());
  }

  private static void instances(Path file, ClassLoader from) throws Exception {
    Plugin instance =
        (Plugin)
            from.loadClass("org.example.http.HttpBackend").getDeclaredConstructor().newInstance();
    loads(file, Plugins.installed().with(instance));
    loads(file, Plugins.in(from).with(instance));
  }

  /** Loads with the plug-ins, and without, while both loaders are open. */
  private static void loads(Path file, Plugins plugins) throws Exception {
    Map<String, Loader> loaders = new LinkedHashMap<>();
    loaders.put("with", Loader.builder().plugins(plugins).build());
    loaders.put("without", Loader.builder().build());
    for (Map.Entry<String, Loader> entry : loaders.entrySet()) {
      load(entry.getKey(), entry.getValue(), file);
    }
    try (Loader again = Loader.builder().plugins(plugins).build();
        Loader plain = Loader.builder().build()) {
      System.out.println("asked, with: " + asked(again, file));
      System.out.println("asked, without: " + asked(plain, file));
    }
    loaders.values().forEach(Loader::close);
  }

  private static void load(String name, Loader loader, Path file) throws Exception {
    loader.addFiles(0, List.of(file));
    try (FileBuffer buffer = loader.load()) {
      System.out.println(name + " " + buffer.keys());
      loader.explain().toString().lines().forEach(line -> System.out.println(name + ": " + line));
    }
  }

  private static String asked(Loader loader, Path file) {
    loader.addFiles(0, List.of(file));
    LoadOptions options = LoadOptions.builder().backend("example-http").build();
    try (FileBuffer buffer = loader.load(options)) {
      return buffer.keys().toString();
    } catch (Exception e) {
      return e.toString();
    }
  }

  /** Joins two ranks by a collective that is in the layer only. */
  private static void group(Plugins plugins) throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> ranks = new ArrayList<>();
      for (int rank = 0; rank < 2; rank++) {
        GroupConfig config =
            GroupConfig.builder(rank, 2)
                .host("localhost")
                .port(port)
                .collective("example-tcp")
                .build();
        ranks.add(threads.submit(() -> met(config, plugins)));
      }
      for (Future<String> rank : ranks) {
        System.out.println(rank.get());
      }
    }
    GroupConfig config =
        GroupConfig.builder(0, 2).host("localhost").port(port).collective("example-tcp").build();
    System.out.println(failure(() -> ProcessGroup.join(config)));
  }

  private static String met(GroupConfig config, Plugins plugins) throws Exception {
    try (ProcessGroup group = ProcessGroup.join(config, plugins)) {
      group.barrier();
      return "rank " + group.rank() + " met " + group.size();
    }
  }

  private static String failure(Callable<?> call) {
    try {
      return "no failure: " + call.call();
    } catch (Exception e) {
      return e.toString();
    }
  }
}

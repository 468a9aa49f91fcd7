// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.registry;

import java.util.HashSet;
import java.util.Iterator;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;

/** Iterators over services; they throw for single providers, and go on. */
final class Services {
  private Services() {}

  /** Returns what a class loader and its parents see. */
  static <P> Iterator<P> in(ClassLoader loader, Class<P> service) {
    return ServiceLoader.load(service, loader).iterator();
  }

  /**
   * Returns what a layer and its parents have. The service loader passes over modules that don't
   * read this library, as they use another copy; here they are errors.
   */
  static <P> Iterator<P> in(ModuleLayer layer, Class<P> service) {
    Iterator<Module> strangers =
        withParents(layer)
            .flatMap(each -> each.modules().stream())
            .filter(module -> provides(module, service) && !module.canRead(service.getModule()))
            .iterator();
    return inTurn(ServiceLoader.load(layer, service).iterator(), refusals(strangers));
  }

  private static Stream<ModuleLayer> withParents(ModuleLayer layer) {
    Set<ModuleLayer> all = new HashSet<>();
    return Stream.iterate(
            Set.of(layer),
            layers -> !layers.isEmpty(),
            layers -> {
              Set<ModuleLayer> parents = new HashSet<>();
              layers.forEach(each -> parents.addAll(each.parents()));
              return parents;
            })
        .flatMap(Set::stream)
        .filter(all::add);
  }

  private static boolean provides(Module module, Class<?> service) {
    return module.getDescriptor().provides().stream()
        .anyMatch(provided -> provided.service().equals(service.getName()));
  }

  private static <P> Iterator<P> refusals(Iterator<Module> modules) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return modules.hasNext();
      }

      @Override
      public P next() {
        throw new ServiceConfigurationError(
            "module %s uses another copy of this library: a layer takes the library from a parent,"
                    .formatted(modules.next().getName())
                + " so put it on the module path and leave it out of the layer");
      }
    };
  }

  /** Not a stream's concatenation: that ends at the first error of a service loader. */
  static <P> Iterator<P> inTurn(Iterator<P> first, Iterator<P> second) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return first.hasNext() || second.hasNext();
      }

      @Override
      public P next() {
        return first.hasNext() ? first.next() : second.next();
      }
    };
  }
}

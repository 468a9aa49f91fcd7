// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.constant.ClassDesc;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Loads a copy of MPJ Express for one group: its state is static, and a JVM may need several
 * groups, or a new one after a failure. On the way it makes the {@link MpjEdits}. The jar is read,
 * never changed.
 */
final class MpjClassLoader extends ClassLoader {
  private final MpjJar jar;

  MpjClassLoader(MpjJar jar) {
    super("mpj", MpjClassLoader.class.getClassLoader());
    this.jar = jar;
  }

  /** Loads what is of this copy here, and all else, such as the log library, as usual. */
  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    boolean hooks = name.equals(MpjHooks.class.getName());
    if (!hooks && !jar.classes().containsKey(name)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded == null) {
        byte[] bytes =
            hooks ? hookBytes() : edited(Objects.requireNonNull(jar.classes().get(name)));
        loaded = defineClass(name, bytes, 0, bytes.length);
      }
      return loaded;
    }
  }

  private static byte[] hookBytes() throws ClassNotFoundException {
    try (InputStream in = MpjHooks.class.getResourceAsStream("MpjHooks.class")) {
      return Objects.requireNonNull(in).readAllBytes();
    } catch (IOException e) {
      throw new ClassNotFoundException(MpjHooks.class.getName(), e);
    }
  }

  private byte[] edited(byte[] original) {
    ClassFile classFile =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(this::classBytes)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    return classFile.transformClass(classFile.parse(original), MpjEdits::edit);
  }

  private @Nullable InputStream classBytes(ClassDesc type) {
    String prefix = type.packageName().isEmpty() ? "" : type.packageName() + ".";
    byte[] bytes = jar.classes().get(prefix + type.displayName());
    return bytes == null ? null : new ByteArrayInputStream(bytes);
  }
}

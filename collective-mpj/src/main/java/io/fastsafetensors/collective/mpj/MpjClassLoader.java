// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Loads a copy of MPJ Express for one group: its state is static, and a JVM may need several
 * groups, or a new one after a failure. On the way it replaces a few calls of the JDK by {@link
 * MpjHooks}, because MPJ Express prints to the console, ends the JVM, listens at all addresses and
 * connects for ever. The jar is read, never changed.
 */
final class MpjClassLoader extends ClassLoader {
  private static final ClassDesc HOOKS = descriptor(MpjHooks.class);
  private static final ClassDesc VOID = ConstantDescs.CD_void;
  private static final MethodTypeDesc PRINT = MethodTypeDesc.of(descriptor(PrintStream.class));
  private static final MethodTypeDesc EXIT = MethodTypeDesc.of(VOID, ConstantDescs.CD_int);
  private static final MethodTypeDesc TRACE = MethodTypeDesc.of(VOID, ConstantDescs.CD_Throwable);
  private static final MethodTypeDesc OPEN = MethodTypeDesc.of(descriptor(SocketChannel.class));
  private static final MethodTypeDesc BIND =
      MethodTypeDesc.of(VOID, descriptor(ServerSocket.class), descriptor(SocketAddress.class));

  private final MpjJar jar;

  MpjClassLoader(MpjJar jar) {
    super("mpj", MpjClassLoader.class.getClassLoader());
    this.jar = jar;
  }

  private static ClassDesc descriptor(Class<?> type) {
    return type.describeConstable().orElseThrow();
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
            hooks ? hookBytes() : replaceCalls(Objects.requireNonNull(jar.classes().get(name)));
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

  private byte[] replaceCalls(byte[] original) {
    ClassFile classFile =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(this::classBytes)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    return classFile.transformClass(
        classFile.parse(original),
        ClassTransform.transformingMethodBodies(MpjClassLoader::replace));
  }

  private @Nullable InputStream classBytes(ClassDesc type) {
    String prefix = type.packageName().isEmpty() ? "" : type.packageName() + ".";
    byte[] bytes = jar.classes().get(prefix + type.displayName());
    return bytes == null ? null : new ByteArrayInputStream(bytes);
  }

  private static void replace(CodeBuilder builder, CodeElement element) {
    switch (element) {
      case FieldInstruction field when isConsole(field) ->
          builder.invokestatic(HOOKS, "console", PRINT);
      case InvokeInstruction call when isCall(call, "java/lang/System", "exit") ->
          builder.invokestatic(HOOKS, "exit", EXIT);
      case InvokeInstruction call
          when call.name().equalsString("printStackTrace") && call.type().equalsString("()V") ->
          builder.invokestatic(HOOKS, "printStackTrace", TRACE);
      case InvokeInstruction call when isCall(call, "java/net/ServerSocket", "bind") ->
          builder.invokestatic(HOOKS, "bind", BIND);
      case InvokeInstruction call when isCall(call, "java/nio/channels/SocketChannel", "open") ->
          builder.invokestatic(HOOKS, "open", OPEN);
      default -> builder.with(element);
    }
  }

  private static boolean isConsole(FieldInstruction field) {
    return field.owner().asInternalName().equals("java/lang/System")
        && (field.name().equalsString("out") || field.name().equalsString("err"));
  }

  private static boolean isCall(InvokeInstruction call, String owner, String name) {
    return call.owner().asInternalName().equals(owner) && call.name().equalsString(name);
  }
}

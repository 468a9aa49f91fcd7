// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import java.io.PrintStream;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * What is changed in the classes of MPJ Express while they are loaded.
 *
 * <ul>
 *   <li>It prints to the console, ends the JVM, listens at all addresses, and waits for ever: those
 *       calls of the JDK go to {@link MpjHooks}.
 *   <li>It reads a type and a count at the start of each message, which it sends along with the
 *       data: messages are plain bytes here.
 *   <li>It writes what announces a large message into the memory before the message: here into
 *       memory of its own, so that a message may lie anywhere, and is sent without a copy.
 *   <li>Its thread that reads waits for those that write: see {@link AnswerEdit}.
 * </ul>
 */
final class MpjEdits {
  private static final ClassDesc HOOKS = descriptor(MpjHooks.class);
  private static final ClassDesc VOID = ConstantDescs.CD_void;
  private static final ClassDesc INT = ConstantDescs.CD_int;
  private static final ClassDesc CHANNEL = descriptor(SocketChannel.class);
  private static final ClassDesc BYTES = descriptor(ByteBuffer.class);
  private static final ClassDesc TYPE = ClassDesc.of("mpjbuf.Type");
  private static final MethodTypeDesc PRINT = MethodTypeDesc.of(descriptor(PrintStream.class));
  private static final MethodTypeDesc EXIT = MethodTypeDesc.of(VOID, INT);
  private static final MethodTypeDesc TRACE = MethodTypeDesc.of(VOID, ConstantDescs.CD_Throwable);
  private static final MethodTypeDesc OPEN = MethodTypeDesc.of(CHANNEL);
  private static final MethodTypeDesc TRANSFER = MethodTypeDesc.of(INT, CHANNEL, BYTES);
  private static final MethodTypeDesc ANNOUNCEMENT = MethodTypeDesc.of(BYTES);
  private static final MethodTypeDesc WAIT =
      MethodTypeDesc.of(VOID, ConstantDescs.CD_Object, ConstantDescs.CD_long);
  private static final MethodTypeDesc BIND =
      MethodTypeDesc.of(VOID, descriptor(ServerSocket.class), descriptor(SocketAddress.class));

  private MpjEdits() {}

  /** Makes all edits; the transform of a class. */
  static void edit(ClassBuilder builder, ClassElement element) {
    if (element instanceof MethodModel method) {
      builder.transformMethod(method, MethodTransform.transformingCode(edits(method)));
    } else {
      builder.with(element);
    }
  }

  private static CodeTransform edits(MethodModel method) {
    CodeTransform everywhere = MpjEdits::replaceCalls;
    if (method.methodName().equalsString("rendezCtrlMsgSend")) {
      return everywhere.andThen(MpjEdits::announceFromOwnMemory);
    }
    String owner = method.parent().orElseThrow().thisClass().asInternalName();
    if (owner.endsWith("/NIODevice$2") && method.methodName().equalsString("run")) {
      return everywhere.andThen(CodeTransform.ofStateful(() -> new AnswerEdit(HOOKS)));
    }
    return owner.endsWith("/NIOSendRequest")
        ? everywhere.andThen(MpjEdits::sendPlainBytes)
        : everywhere;
  }

  private static ClassDesc descriptor(Class<?> type) {
    return type.describeConstable().orElseThrow();
  }

  private static void replaceCalls(CodeBuilder builder, CodeElement element) {
    switch (element) {
      case FieldInstruction field when isConsole(field) ->
          builder.invokestatic(HOOKS, "console", PRINT);
      case InvokeInstruction call when isCall(call, "java/lang/System", "exit") ->
          builder.invokestatic(HOOKS, "exit", EXIT);
      case InvokeInstruction call
          when call.name().equalsString("printStackTrace") && call.type().equalsString("()V") ->
          builder.invokestatic(HOOKS, "log", TRACE);
      case InvokeInstruction call when isCall(call, "java/net/ServerSocket", "bind") ->
          builder.invokestatic(HOOKS, "bind", BIND);
      case InvokeInstruction call when isCall(call, "java/nio/channels/SocketChannel", "open") ->
          builder.invokestatic(HOOKS, "open", OPEN);
      case InvokeInstruction call when isCall(call, "java/nio/channels/SocketChannel", "read") ->
          builder.invokestatic(HOOKS, "read", TRANSFER);
      case InvokeInstruction call when isCall(call, "java/nio/channels/SocketChannel", "write") ->
          builder.invokestatic(HOOKS, "write", TRANSFER);
      case InvokeInstruction call
          when isCall(call, "java/lang/Object", "wait") && call.type().equalsString("(J)V") ->
          builder.invokestatic(HOOKS, "await", WAIT);
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

  private static void sendPlainBytes(CodeBuilder builder, CodeElement element) {
    switch (element) {
      case InvokeInstruction call when isCall(call, "mpjbuf/Buffer", "getSectionHeader") ->
          builder.pop().getstatic(TYPE, "BYTE", TYPE);
      case InvokeInstruction call when isCall(call, "mpjbuf/Buffer", "getSectionSize") ->
          builder.pop().iconst_0();
      default -> builder.with(element);
    }
  }

  private static void announceFromOwnMemory(CodeBuilder builder, CodeElement element) {
    switch (element) {
      case FieldInstruction field when field.name().equalsString("staticBuffer") ->
          builder.pop().invokestatic(HOOKS, "announcement", ANNOUNCEMENT);
      case FieldInstruction field when field.name().equalsString("bufoffset") ->
          builder.pop().bipush(MpjLibrary.OVERHEAD);
      default -> builder.with(element);
    }
  }
}

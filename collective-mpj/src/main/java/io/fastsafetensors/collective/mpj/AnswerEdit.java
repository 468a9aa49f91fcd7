// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.mpj;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.channels.SocketChannel;

/**
 * Lets the thread that reads all channels read on. When a large message is announced, it would wait
 * until nothing is written to the sender any more, and then write the answer: two ranks that both
 * do so while they write large messages to each other wait for ever. So {@link MpjHooks#answer}
 * takes the channel, the request and the lock from the stack, where the lock was to be released.
 */
final class AnswerEdit implements CodeTransform {
  private static final MethodTypeDesc ANSWER =
      MethodTypeDesc.of(
          ConstantDescs.CD_void,
          SocketChannel.class.describeConstable().orElseThrow(),
          ConstantDescs.CD_Object,
          ConstantDescs.CD_Object);

  private final ClassDesc hooks;
  private boolean passedAcquire;
  private boolean passedAnswer;
  private boolean passedRelease;

  AnswerEdit(ClassDesc hooks) {
    this.hooks = hooks;
  }

  @Override
  public void accept(CodeBuilder builder, CodeElement element) {
    if (!(element instanceof InvokeInstruction call)) {
      builder.with(element);
    } else if (!passedAcquire && call.name().equalsString("acquire")) {
      passedAcquire = true;
      builder.pop();
    } else if (call.name().equalsString("rendezCtrlMsgR2S")) {
      passedAnswer = true;
    } else if (passedAnswer && !passedRelease && call.name().equalsString("signal")) {
      passedRelease = true;
      builder.invokestatic(hooks, "answer", ANSWER);
    } else {
      builder.with(element);
    }
  }
}

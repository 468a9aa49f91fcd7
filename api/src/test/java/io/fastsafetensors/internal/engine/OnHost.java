// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.ProcessGroup;
import io.fastsafetensors.spi.Transport;
import io.fastsafetensors.toolkit.group.Transports;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A rank of which the others hear that it runs on a host of some name. */
final class OnHost {
  private OnHost() {}

  /** Returns a group whose messages about files name a host. */
  static Transport of(String host, ProcessGroup group) {
    Transport real = Transports.of(group);
    return (Transport)
        Proxy.newProxyInstance(
            OnHost.class.getClassLoader(),
            new Class<?>[] {Transport.class},
            (_, method, arguments) -> {
              if (method.getName().equals("allGather")) {
                arguments[0] = from(host, (byte[]) arguments[0]);
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static byte[] from(String host, byte[] message) throws IOException {
    StepMessage step = StepMessage.decode(message);
    if (step.failed() || !step.operation().equals("parts")) {
      return message;
    }
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(step.told()));
    RankFacts facts = RankFacts.read(in);
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(told);
    new RankFacts(host, facts.files()).write(out);
    in.transferTo(out);
    return new StepMessage(false, step.operation(), told.toByteArray()).encode();
  }
}

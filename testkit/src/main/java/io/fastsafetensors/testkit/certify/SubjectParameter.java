// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.certify;

import java.util.Objects;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives a contract the plug-in that this session of the launcher is about. */
final class SubjectParameter implements ParameterResolver {
  /** Where the session keeps it. */
  static final Class<?> KEY = Subject.class;

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType().equals(Subject.class);
  }

  @Override
  public Subject resolveParameter(ParameterContext parameter, ExtensionContext test) {
    return Objects.requireNonNull(
        test.getStore(StoreScope.LAUNCHER_SESSION, Namespace.create(KEY)).get(KEY, Subject.class),
        "no plug-in in this session");
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.testkit.wrong;

/** A backend that could be found, if only its jar said so. */
public final class UnlistedBackend extends ForwardingBackend {
  /** Makes the backend. */
  public UnlistedBackend() {}
}

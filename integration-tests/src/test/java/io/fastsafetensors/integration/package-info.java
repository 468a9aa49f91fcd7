// SPDX-License-Identifier: Apache-2.0
/** Tests over all modules: architecture, descriptors, documentation, several JVMs. */
@NullMarked
package io.fastsafetensors.integration;

import org.jspecify.annotations.NullMarked;

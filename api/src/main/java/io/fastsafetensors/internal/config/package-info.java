// SPDX-License-Identifier: Apache-2.0
/**
 * The definitions of all settings, and what is set from outside. Start at {@code Sources}; {@code
 * PluginOptions} has those of plug-ins.
 */
@NullMarked
package io.fastsafetensors.internal.config;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Tools for plug-ins and their tests: settings of the process, and what is installed. Promised for
 * a minor version only.
 */
@NullMarked
package io.fastsafetensors.toolkit.plugin;

import org.jspecify.annotations.NullMarked;

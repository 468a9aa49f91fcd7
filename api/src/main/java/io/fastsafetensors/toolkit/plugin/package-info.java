// SPDX-License-Identifier: Apache-2.0
/**
 * Tools for plug-ins and their tests: settings of the process, what is installed, and native
 * libraries. Promised for a minor version only.
 */
@NullMarked
package io.fastsafetensors.toolkit.plugin;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** Tools for tests of plug-ins: what is installed. Promised for a minor version only. */
@NullMarked
package io.fastsafetensors.toolkit.plugin;

import org.jspecify.annotations.NullMarked;

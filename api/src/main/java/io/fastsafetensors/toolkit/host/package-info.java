// SPDX-License-Identifier: Apache-2.0
/** Tools for plug-ins: what this process may use of the host. Promised for a minor version only. */
@NullMarked
package io.fastsafetensors.toolkit.host;

import org.jspecify.annotations.NullMarked;

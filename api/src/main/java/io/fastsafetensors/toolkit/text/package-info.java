// SPDX-License-Identifier: Apache-2.0
/** Tools for plug-ins: amounts in messages. Promised for a minor version only. */
@NullMarked
package io.fastsafetensors.toolkit.text;

import org.jspecify.annotations.NullMarked;

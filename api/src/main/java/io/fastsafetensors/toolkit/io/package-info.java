// SPDX-License-Identifier: Apache-2.0
/** Tools for readers: layout, tickets, threads, budget. Promised for a minor version only. */
@NullMarked
package io.fastsafetensors.toolkit.io;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * How files are read: a session has files; a file has reads, which threads take from one queue; a
 * target knows where the bytes go.
 */
@NullMarked
package io.fastsafetensors.backend.posix.io;

import org.jspecify.annotations.NullMarked;

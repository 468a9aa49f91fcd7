// SPDX-License-Identifier: Apache-2.0
/** A file system of the kernel whose files fail: FUSE, served by a JVM of its own. */
@NullMarked
package io.fastsafetensors.integration.fuse;

import org.jspecify.annotations.NullMarked;

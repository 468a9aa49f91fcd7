// SPDX-License-Identifier: Apache-2.0
/** NCCL's native library by JavaCPP: how it is found, and the calls of it. */
@NullMarked
package io.fastsafetensors.collective.nccl.library;

import org.jspecify.annotations.NullMarked;

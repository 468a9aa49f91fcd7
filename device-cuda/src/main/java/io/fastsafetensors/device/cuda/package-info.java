// SPDX-License-Identifier: Apache-2.0
/** The devices {@code cuda:N}: memory, pinned staging, streams and marks. */
@NullMarked
package io.fastsafetensors.device.cuda;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/** Tests of groups whose ranks are processes, on one host and on two. */
@NullMarked
package io.fastsafetensors.integration.ranks;

import org.jspecify.annotations.NullMarked;

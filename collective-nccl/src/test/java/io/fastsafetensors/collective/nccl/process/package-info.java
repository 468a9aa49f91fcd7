// SPDX-License-Identifier: Apache-2.0
/** Programs of processes that tests start; a package that no module of the tests has. */
@NullMarked
package io.fastsafetensors.collective.nccl.process;

import org.jspecify.annotations.NullMarked;

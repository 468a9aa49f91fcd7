// SPDX-License-Identifier: Apache-2.0
/** Loads of parts, end to end, against parts that were cut out of the whole in plain Java. */
@NullMarked
package io.fastsafetensors.integration.parts;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Tools for collectives: the rendezvous of ranks, and groups over it. Promised for a minor version
 * only.
 */
@NullMarked
package io.fastsafetensors.toolkit.group;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * How processes find each other and learn of each other's loss.
 *
 * <p>Rank 0 is the {@link io.fastsafetensors.internal.rendezvous.Hub}, every other rank a {@link
 * io.fastsafetensors.internal.rendezvous.Member} with one {@link
 * io.fastsafetensors.internal.rendezvous.Link} to it. What they say is a {@link
 * io.fastsafetensors.internal.rendezvous.Frame}; what a rank knows is on its {@link
 * io.fastsafetensors.internal.rendezvous.Board}.
 */
@NullMarked
package io.fastsafetensors.internal.rendezvous;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * Process groups over NCCL: each rank's data on a CUDA device of its own.
 *
 * <p>Security: ranks meet through the {@link io.fastsafetensors.toolkit.group.Rendezvous}, which
 * proves the token, and give NCCL's unique id to each other over it. NCCL's own sockets prove
 * nothing more than that id, listen on the interfaces that {@code NCCL_SOCKET_IFNAME} allows, and
 * what they carry is neither encrypted nor signed. Use it in networks you trust.
 */
@NullMarked
package io.fastsafetensors.collective.nccl;

import org.jspecify.annotations.NullMarked;

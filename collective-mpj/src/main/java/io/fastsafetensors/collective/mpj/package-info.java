// SPDX-License-Identifier: Apache-2.0
/**
 * Process groups over MPJ Express 0.44.
 *
 * <p>Security: ranks meet through the {@link io.fastsafetensors.toolkit.group.Rendezvous}, which
 * proves the token. The sockets of MPJ Express do not: while a group starts (some 100 ms), each
 * rank listens on two random ports from 25000 to 40000, at the address by which it reaches rank 0
 * and only there, and takes whoever connects first. A stranger that does can make the start fail,
 * or join in a rank's place. What is sent later is neither encrypted nor signed. Use it in networks
 * you trust.
 */
@NullMarked
package io.fastsafetensors.collective.mpj;

import org.jspecify.annotations.NullMarked;

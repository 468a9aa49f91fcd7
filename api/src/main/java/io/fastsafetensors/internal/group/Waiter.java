// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.group;

/**
 * A rank in a call.
 *
 * @param rank the rank
 * @param operation the call's name
 */
record Waiter(int rank, String operation) {}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.group;

/**
 * One exchange of one group, the same on all its ranks.
 *
 * @param group the group's name: the splits that it came from
 * @param number which of the group's exchanges, from 0
 */
record ExchangeId(String group, long number) {}

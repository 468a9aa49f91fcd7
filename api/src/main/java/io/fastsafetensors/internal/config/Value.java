// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.config;

/**
 * What a setting was set to.
 *
 * @param text the value
 * @param origin who set it: a system property, an environment variable, or a file and its line
 */
public record Value(String text, String origin) {}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.format.SafetensorsHeader;

/**
 * A file of a catalog.
 *
 * @param index its number in the catalog
 * @param source the file and its owner
 * @param header its header
 */
public record CatalogFile(int index, SourceFile source, SafetensorsHeader header) {}

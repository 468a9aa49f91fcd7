// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.format;

/**
 * A header as it stands in the file, not yet parsed: what the rank that owns a file sends to the
 * others.
 *
 * @param json the header without its length, UTF-8 if the file is valid; not copied
 * @param fileSize the size of the whole file, in bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; a copy would cost up to 100 MB
public record RawHeader(byte[] json, long fileSize) {}

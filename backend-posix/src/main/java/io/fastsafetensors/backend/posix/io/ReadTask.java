// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;

/**
 * A read that is ready to be done.
 *
 * @param job whose it is
 * @param read what to read
 * @param path which way to go
 * @param usesStorage whether it waits for storage, not for processors
 */
record ReadTask(FileJob job, FileRead read, TransferPath path, boolean usesStorage) {}

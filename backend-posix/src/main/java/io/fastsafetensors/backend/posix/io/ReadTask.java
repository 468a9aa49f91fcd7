// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.posix.io;

import io.fastsafetensors.TransferPath;

/**
 * A read that is ready to be done.
 *
 * @param ticket whose it is
 * @param read what to read
 * @param path which way to go
 * @param usesStorage whether it waits for storage, not for processors
 */
record ReadTask(PosixTicket ticket, FileRead read, TransferPath path, boolean usesStorage) {}

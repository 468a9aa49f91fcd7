// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.spi.IoTicket;

/**
 * A file given to a backend.
 *
 * @param session the session's number
 * @param backend the backend's id
 * @param ticket the file's ticket
 * @param reasons why the backends before it could not serve the file
 */
record Submission(int session, String backend, IoTicket ticket, String reasons) {}

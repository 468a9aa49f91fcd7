// SPDX-License-Identifier: Apache-2.0
/** What the host tells, without cuFile's driver, about whether reads can be peer to peer. */
@NullMarked
package io.fastsafetensors.backend.gds.host;

import org.jspecify.annotations.NullMarked;

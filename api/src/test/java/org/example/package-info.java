// SPDX-License-Identifier: Apache-2.0
/** Plug-ins as another project would write them. */
@NullMarked
package org.example;

import org.jspecify.annotations.NullMarked;

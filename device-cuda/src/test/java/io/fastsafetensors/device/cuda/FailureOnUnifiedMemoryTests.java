// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.simulated.UnifiedMemory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Loads into unified memory leave nothing behind either. */
@ExtendWith(UnifiedMemory.class)
final class FailureOnUnifiedMemoryTests extends FailureTests {}

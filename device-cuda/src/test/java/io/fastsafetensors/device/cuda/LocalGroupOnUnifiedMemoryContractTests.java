// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.simulated.UnifiedMemory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** Groups of threads keep the rules with their data in unified memory. */
@Tag("slow")
@ExtendWith(UnifiedMemory.class)
final class LocalGroupOnUnifiedMemoryContractTests extends LocalGroupOnCudaContractTests {}

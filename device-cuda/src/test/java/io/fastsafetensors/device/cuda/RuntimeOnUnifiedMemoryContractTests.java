// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.simulated.UnifiedMemory;
import org.junit.jupiter.api.extension.ExtendWith;

/** The runtime keeps the rules on devices that use the host's memory. */
@ExtendWith(UnifiedMemory.class)
final class RuntimeOnUnifiedMemoryContractTests extends CudaRuntimeContractTests {}

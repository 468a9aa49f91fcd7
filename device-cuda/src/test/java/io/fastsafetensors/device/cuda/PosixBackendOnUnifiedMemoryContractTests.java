// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.simulated.UnifiedMemory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Reads right into unified memory keep the rules. */
@ExtendWith(UnifiedMemory.class)
final class PosixBackendOnUnifiedMemoryContractTests extends PosixBackendOnCudaContractTests {}

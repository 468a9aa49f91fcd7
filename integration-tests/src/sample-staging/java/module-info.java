// SPDX-License-Identifier: Apache-2.0
/** A sample of a third party: a reader for another kind of GPU, by way of staging memory. */
module org.example.staging {
  requires io.fastsafetensors;

  provides io.fastsafetensors.spi.IoBackend with
      org.example.staging.StagingBackend;
}

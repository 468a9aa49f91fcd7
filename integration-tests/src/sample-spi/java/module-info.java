// SPDX-License-Identifier: Apache-2.0
/**
 * A sample of a third party: reads ranges through HTTP, and implements each rule of the SPI by
 * itself. Headers are read where the default of {@code IoBackend.channel} finds the files: here.
 */
module org.example.spi {
  requires io.fastsafetensors;
  requires java.net.http;

  provides io.fastsafetensors.spi.IoBackend with
      org.example.spi.SpiBackend;
}

// SPDX-License-Identifier: Apache-2.0
/** A sample of a third party: groups over plain TCP. */
module org.example.tcp {
  requires io.fastsafetensors;

  provides io.fastsafetensors.spi.Collective with
      org.example.tcp.TcpCollective;
}

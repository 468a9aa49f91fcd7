// SPDX-License-Identifier: Apache-2.0
/** A sample of a third party: reads files that only a server has, through HTTP. */
module org.example.http {
  requires io.fastsafetensors;
  requires java.net.http;

  provides io.fastsafetensors.spi.IoBackend with
      org.example.http.HttpBackend;
}

// SPDX-License-Identifier: Apache-2.0
/**
 * Process groups over MPJ Express.
 *
 * <p>MPJ Express itself is no module of the graph: its jar is on no repository, and a module that
 * requires it would keep the JVM from starting where it is missing. It is found when it is needed.
 *
 * @provides io.fastsafetensors.spi.Collective
 */
@SuppressWarnings("requires-automatic") // reload4j has a stable module name, but no descriptor.
module io.fastsafetensors.collective.mpj {
  requires io.fastsafetensors;
  requires ch.qos.reload4j;
  requires static org.jspecify;

  provides io.fastsafetensors.spi.Collective with
      io.fastsafetensors.collective.mpj.MpjCollective;
}

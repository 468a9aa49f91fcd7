// SPDX-License-Identifier: Apache-2.0
/**
 * The command {@code fst}.
 *
 * @provides java.lang.System.LoggerFinder
 */
module io.fastsafetensors.cli {
  requires com.fasterxml.jackson.core;
  requires info.picocli;
  requires io.fastsafetensors;
  requires me.tongfei.progressbar;
  requires jdk.unsupported; // direct reads, to measure storage by
  requires static org.jspecify;

  // picocli sets annotated fields by reflection.
  opens io.fastsafetensors.cli to
      info.picocli;

  provides System.LoggerFinder with
      io.fastsafetensors.cli.StderrLoggerFinder;
}

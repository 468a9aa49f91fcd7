// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fastsafetensors.FileBuffer;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.Loader;
import io.fastsafetensors.Tensor;
import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Which tensors of a checkpoint of many types are converted while loading. */
class DtypeRulesTests {
  private static final byte[] HALVES = {0, 0x3C, 0, (byte) 0xC0};

  @TempDir private Path folder;
  private final Bench bench = new Bench();
  private Samples file;

  @BeforeEach
  void write() throws IOException {
    file = new Samples(folder.resolve("f"));
    for (DType type : DType.values()) {
      file.with("other." + type, type, 8);
    }
    file.with("w", DType.F32, Shape.of(2), Samples.floats(1, -2));
    file.with("layers.0.w", DType.F32, Shape.of(2), Samples.floats(1, -2));
    file.with("layers.1.w", DType.F32, Shape.of(2), Samples.floats(1, -2));
    file.write();
  }

  @AfterEach
  void nothingIsLeft() {
    bench.ledger.assertAllClosedOnce();
  }

  private static LoadOptions.Builder options() {
    return LoadOptions.builder();
  }

  private FileBuffer load(Loader loader, LoadOptions.Builder options) throws IOException {
    return loader.addFiles(0, List.of(file.path)).load(options.build());
  }

  @Test
  void aTypeForAllConvertsFloatingPointAndLeavesTheRest() throws IOException {
    try (Loader loader = bench.loader();
        FileBuffer buffer = load(loader, options().dtype(DType.F16))) {
      for (String name : buffer.keys()) {
        Tensor tensor = buffer.tensor(name);
        DType inFile = buffer.info(name).dtype();
        switch (inFile) {
          case F64, F32, F16, BF16 -> assertThat(tensor.dtype()).as(name).isEqualTo(DType.F16);
          default -> {
            assertThat(tensor.dtype()).as(name).isEqualTo(inFile);
            assertThat(Samples.bytesOf(tensor)).as(name).isEqualTo(file.bytes.get(name));
          }
        }
      }
      assertThat(Samples.bytesOf(buffer.tensor("w"))).isEqualTo(HALVES);
    }
  }

  @Test
  void theFirstRuleThatMatchesCountsAndRulesGoBeforeTheTypeForAll() throws IOException {
    LoadOptions.Builder options =
        options()
            .dtype(DType.F16)
            .keepDtype("layers.0.*")
            .dtype("layers.*", DType.BF16)
            .dtype("other.I64", DType.I8);
    try (Loader loader = bench.loader();
        FileBuffer buffer = load(loader, options)) {
      assertThat(buffer.tensor("w").dtype()).isEqualTo(DType.F16);
      assertThat(buffer.tensor("layers.0.w").dtype()).isEqualTo(DType.F32);
      assertThat(buffer.tensor("layers.1.w").dtype()).isEqualTo(DType.BF16);
      assertThat(buffer.tensor("other.I64").dtype()).isEqualTo(DType.I8);
      assertThat(buffer.tensor("other.I32").dtype()).isEqualTo(DType.I32);
    }
  }

  @Test
  void rulesAloneLeaveAllElse() throws IOException {
    try (Loader loader = bench.loader();
        FileBuffer buffer = load(loader, options().dtype("w", DType.I16))) {
      assertThat(Samples.bytesOf(buffer.tensor("w"))).containsExactly(1, 0, -2, -1);
      assertThat(buffer.tensor("layers.1.w").dtype()).isEqualTo(DType.F32);
    }
  }

  @Test
  void theReportCountsWhatWasConvertedAndWhatWasLeftAndSaysWhy() throws IOException {
    LoadOptions.Builder options =
        options().filter("w", "layers*", "*64").dtype(DType.F16).keepDtype("layers.0*");
    try (Loader loader = bench.loader();
        FileBuffer buffer = load(loader, options)) {
      assertThat(buffer.report().conversions())
          .extracting(report -> report.reason().code() + " " + report)
          .containsExactlyInAnyOrder(
              "dtype.option dtype: 2 tensors converted from F32 to F16: dtype F16",
              "dtype.option dtype: 1 tensor converted from F64 to F16: dtype F16",
              "dtype.rule dtype: 1 tensor left as F32: rule layers.0*=asis",
              "dtype.not-floating-point dtype: 1 tensor left as I64: no floating-point type",
              "dtype.not-floating-point dtype: 1 tensor left as U64: no floating-point type",
              "dtype.complex dtype: 1 tensor left as C64: complex");
      assertThat(buffer.report().toString())
          .contains("dtype: 2 tensors converted from F32 to F16: dtype F16")
          .contains("dtype: 1 tensor left as I64: no floating-point type");
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.EXCLUDE,
      names = {"F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3", "F8_E5M2FNUZ", "F8_E4M3FNUZ"})
  void aTypeForAllIsOneOfFloatingPoint(DType type) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options().dtype(type))
        .withMessageStartingWith("dtype " + type + " is no floating-point type")
        .withMessageContaining("--dtype 'layers.*=" + type + "'");
  }

  @Test
  void whatCantBeIsRefusedBeforeReading() throws IOException {
    refuses(
        "'other.F6_E2M3' F6_E2M3 [8]: device fake:0 has no conversion from F6_E2M3 to F4",
        options().dtype("other.F6_E2M3", DType.F4));
    refuses(
        "'other.I8' I8 [8] can't be converted to the larger F32",
        options().dtype("other.I8", DType.F32));
    refuses(
        "dtype rule 'layres.*=F16': no tensor matches 'layres.*'; the nearest of 25: 'layers.",
        options().dtype("layres.*", DType.F16));
    refuses(
        "dtype rule 'W=asis': no tensor matches 'W'; the nearest of 25: ",
        options().keepDtype("W"));
  }

  private void refuses(String message, LoadOptions.Builder options) throws IOException {
    try (Loader loader = bench.loader()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> load(loader, options))
          .withMessageContaining(message);
      assertThat(bench.first.submitted).isEmpty();
    }
  }

  @Test
  void aRuleMayBeForTensorsThatAFilterLeavesOut() throws IOException {
    try (Loader loader = bench.loader();
        FileBuffer buffer =
            load(loader, options().filter("w").dtype("layers.*", DType.F16).dtype(DType.BF16))) {
      assertThat(buffer.tensor("w").dtype()).isEqualTo(DType.BF16);
    }
  }

  /** Packed weights of gigabytes beside small scales aren't copied for the scales' sake. */
  @Test
  void whatIsLeftStaysWhereItIsIfItIsTheLargerPart() throws IOException {
    Samples packed =
        new Samples(folder.resolve("packed"))
            .with("qweight", DType.I32, 1000)
            .with("scales", DType.F32, Shape.of(2), Samples.floats(1, -2))
            .write();
    try (Loader loader = bench.loader().addFiles(0, List.of(packed.path));
        FileBuffer buffer = loader.load(options().dtype(DType.F16).memoryBudget(5000).build())) {
      assertThat(bench.first.options.memoryBudget()).isEqualTo(5000 - 4);
      assertThat(bench.ledger.openBytes()).isEqualTo(4000 + 8 + 4);
      assertThat(Samples.bytesOf(buffer.tensor("qweight"))).isEqualTo(packed.bytes.get("qweight"));
      assertThat(Samples.bytesOf(buffer.tensor("scales"))).isEqualTo(HALVES);
    }
  }

  @Test
  void ranksGetTheSameTypes() throws Exception {
    Ranks.load(
        bench,
        2,
        Map.of(1, List.of(file.path)),
        options().dtype(DType.F16).keepDtype("layers.0*").build(),
        (_, buffer) -> {
          for (String name : List.of("w", "layers.0.w", "other.I64")) {
            try (Tensor tensor = buffer.tensor(name)) {
              assertThat(tensor.dtype())
                  .isEqualTo(name.equals("w") ? DType.F16 : buffer.info(name).dtype());
            }
          }
          return true;
        });
  }
}

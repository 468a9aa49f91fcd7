// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fastsafetensors.format.DType;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.format.RawHeader;
import io.fastsafetensors.format.Shape;
import io.fastsafetensors.spi.ByteRange;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

/** The catalog knows every tensor of every file, and the plan what a rank reads of them. */
class CatalogTests {
  private static final Path A = Path.of("a.safetensors");
  private static final Path B = Path.of("b.safetensors");

  /** A file whose tensors are bytes, one after the other, from byte 400 on. */
  static CatalogFile file(int index, int rank, Path path, Map<String, Long> sizes)
      throws LoadException {
    Map<String, Map.Entry<DType, Shape>> tensors = new LinkedHashMap<>();
    sizes.forEach((name, size) -> tensors.put(name, Map.entry(DType.U8, Shape.of(size))));
    return typedFile(index, rank, path, tensors);
  }

  /** A file of tensors, one after the other, from byte 400 on, or later if there are many. */
  static CatalogFile typedFile(
      int index, int rank, Path path, Map<String, Map.Entry<DType, Shape>> tensors)
      throws LoadException {
    StringBuilder json = new StringBuilder("{\"__metadata__\":{\"of\":\"" + path + "\"}");
    long end = 0;
    for (Map.Entry<String, Map.Entry<DType, Shape>> tensor : tensors.entrySet()) {
      DType dtype = tensor.getValue().getKey();
      Shape shape = tensor.getValue().getValue();
      long begin = end;
      end += dtype.byteSize(shape.elements());
      json.append(
          ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%s,%s]}"
              .formatted(tensor.getKey().replace("\n", "\\n"), dtype, shape, begin, end));
    }
    byte[] padded = "%-392s".formatted(json.append("}")).getBytes(StandardCharsets.UTF_8);
    RawHeader raw = new RawHeader(padded, 8 + padded.length + end);
    return new CatalogFile(index, new SourceFile(rank, path), raw.parse(path));
  }

  private static Catalog catalog() throws LoadException {
    return Catalog.of(
        List.of(
            file(0, 0, A, ordered("a.weight", 6, "a.bias", 2)),
            file(1, 1, B, ordered("b.weight", 5, "b.empty", 0, "b.bias", 3))),
        List.of());
  }

  private static Map<String, Long> ordered(Object... pairs) {
    Map<String, Long> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], ((Integer) pairs[i + 1]).longValue());
    }
    return map;
  }

  @Test
  void keepsTheOrderOfFilesAndBytes() throws LoadException {
    assertThat(catalog().keys())
        .containsExactly("a.weight", "a.bias", "b.weight", "b.empty", "b.bias");
    assertThat(catalog().get("b.bias").range()).isEqualTo(new ByteRange(405, 408));
    assertThat(catalog().get("b.bias").owner()).isEqualTo(1);
    assertThat(catalog().metadata(B)).containsEntry("of", "b.safetensors");
  }

  @Test
  void keysCantBeChanged() throws LoadException {
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> catalog().keys().remove("a.bias"));
  }

  @Test
  void refusesANameInTwoFiles() throws LoadException {
    List<CatalogFile> files =
        List.of(file(0, 0, A, ordered("x", 1, "same\n", 1)), file(1, 1, B, ordered("same\n", 1)));
    assertThatExceptionOfType(LoadException.class)
        .isThrownBy(() -> Catalog.of(files, List.of()))
        .withMessage(
            "tensor 'same\\u{a}' is in two files, a.safetensors and b.safetensors: give the one"
                + " that you want instead of the folder, or load each with a loader of its own");
  }

  @Test
  void namesTheNearestOfAnUnknownName() throws LoadException {
    Catalog catalog = catalog();
    assertThatExceptionOfType(NoSuchElementException.class)
        .isThrownBy(() -> catalog.get("a.wieght"))
        .withMessage("no tensor 'a.wieght'; the nearest of 5: 'a.weight', 'b.weight', 'a.bias'");
    assertThatExceptionOfType(NoSuchElementException.class)
        .isThrownBy(() -> catalog.get("x".repeat(100_000)))
        .withMessageEndingWith("(100000 characters)'");
    assertThatExceptionOfType(NoSuchElementException.class)
        .isThrownBy(() -> Catalog.of(List.of(), List.of()).get("x"))
        .withMessage("no tensor 'x'; there are no tensors");
    assertThatExceptionOfType(NoSuchElementException.class)
        .isThrownBy(() -> catalog.metadata(Path.of("c")))
        .withMessageStartingWith("no file c was loaded; the nearest of ");
  }

  @Test
  void aFilterKeepsFilesAndMetadata() throws LoadException {
    Catalog wanted = catalog().filter(new NameFilter(List.of("a.*")));
    assertThat(wanted.keys()).containsExactly("a.weight", "a.bias");
    assertThat(wanted.metadata(B)).isNotEmpty();
    assertThat(wanted.files()).hasSize(2);
  }

  @Test
  void aPlanHasThisRanksFilesAndOnlyTheRangesWanted() throws LoadException {
    Catalog wanted = catalog().filter(new NameFilter(List.of("*.bias", "b.empty")));
    LoadPlan plan = LoadPlan.of(wanted, 1);
    assertThat(plan.bytes()).isEqualTo(3);
    assertThat(plan.files()).hasSize(1);
    FilePlan file = plan.files().getFirst();
    assertThat(file.path()).isEqualTo(B);
    assertThat(file.bytes()).isEqualTo(3);
    assertThat(file.ranges().fileSize()).isEqualTo(408);
    assertThat(file.ranges().ranges())
        .containsExactly(new ByteRange(405, 405), new ByteRange(405, 408));
    assertThat(LoadPlan.of(wanted, 7)).isEqualTo(new LoadPlan(List.of(), List.of(), 0));
  }

  @Test
  void aPlanLeavesOutFilesWithoutWantedTensors() throws LoadException {
    Catalog wanted = catalog().filter(new NameFilter(List.of("b.weight")));
    assertThat(LoadPlan.of(wanted, 0).files()).isEmpty();
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.CollectiveException;
import io.fastsafetensors.Part;
import io.fastsafetensors.SaveOptions;
import io.fastsafetensors.internal.plan.NameFilter;
import io.fastsafetensors.internal.plan.PartCover;
import io.fastsafetensors.internal.text.Printable;
import io.fastsafetensors.internal.text.Utf8;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Finds what all ranks save together, and who writes what. All ranks come to the same, each by
 * itself: to the same tensors in the same order, or to the same fault.
 */
final class AgreedTensors {
  private final SaveRanks ranks;
  private final Map<String, AddedTensor> own = new HashMap<>();
  private final Map<String, Merged> all;
  private final long[] bytes;

  private AgreedTensors(SaveRanks ranks, List<AddedTensor> added, Map<String, Merged> all) {
    this.ranks = ranks;
    this.all = all;
    this.bytes = new long[ranks.size()];
    added.forEach(tensor -> own.put(tensor.spec().name(), tensor));
  }

  /**
   * A tensor of which some ranks have something.
   *
   * @param spec what the first of them says of it
   * @param held the parts, by rank
   */
  private record Merged(TensorSpec spec, List<PartCover.Held> held) {
    Map<Part, List<Integer>> ranksByPart() {
      return held.stream()
          .collect(
              Collectors.groupingBy(
                  PartCover.Held::part,
                  LinkedHashMap::new,
                  Collectors.mapping(PartCover.Held::rank, Collectors.toList())));
    }
  }

  /**
   * Has the ranks tell each other what they have.
   *
   * @return all tensors, in the order in which they were added
   * @throws IOException if ranks disagree, or don't have all of a tensor
   * @throws IllegalArgumentException if the only rank doesn't, or a pattern matches no tensor
   */
  static List<AgreedTensor> asAdded(SaveRanks ranks, List<AddedTensor> added, SaveOptions options)
      throws IOException {
    return new AgreedTensors(ranks, added, new LinkedHashMap<>()).agree(added, options);
  }

  /** As {@link #asAdded}, in the order of names, whoever has them. */
  static List<AgreedTensor> byName(SaveRanks ranks, List<AddedTensor> added, SaveOptions options)
      throws IOException {
    return new AgreedTensors(ranks, added, new TreeMap<>(Utf8.ORDER)).agree(added, options);
  }

  private List<AgreedTensor> agree(List<AddedTensor> added, SaveOptions options)
      throws IOException {
    if (ranks.size() == 1) {
      for (AddedTensor tensor : added) {
        all.put(tensor.spec().name(), new Merged(tensor.spec(), tensor.held(0).toList()));
      }
    } else {
      merge(ranks.tell("save", () -> TensorsMessage.encode(added)));
    }
    checkSum();
    Predicate<String> replicated = replicated(options.replicated());
    List<AgreedTensor> agreed = new ArrayList<>(all.size());
    for (Merged tensor : all.values()) {
      agreed.add(agree(tensor, replicated.test(tensor.spec().name())));
    }
    return agreed;
  }

  /** Each rank has only seen to it that what it has itself can be counted. */
  private void checkSum() {
    try {
      var _ =
          all.values().stream()
              .mapToLong(tensor -> tensor.spec().bytes())
              .reduce(0, Math::addExact);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("the tensors of all ranks have 2^63 bytes or more", e);
    }
  }

  private Predicate<String> replicated(List<String> globs) {
    if (globs.isEmpty()) {
      return _ -> false;
    }
    NameFilter filter = new NameFilter(globs);
    filter
        .fault(all.keySet())
        .ifPresent(fault -> {
          throw new IllegalArgumentException("replicated: " + fault);
        });
    return filter;
  }

  private AgreedTensor agree(Merged tensor, boolean isReplicated) throws CollectiveException {
    Map<Part, List<Integer>> writers = tensor.ranksByPart();
    if (isReplicated) {
      writers.replaceAll((_, holders) -> List.of(leastLoaded(holders)));
    }
    check(tensor, writers);
    long share = tensor.spec().bytes() / writers.size();
    writers.values().forEach(holders -> bytes[holders.getFirst()] += share);
    return agreed(tensor, writers);
  }

  private void merge(List<byte[]> messages) throws CollectiveException {
    for (int rank = 0; rank < messages.size(); rank++) {
      for (TensorsMessage.Told told : TensorsMessage.decode(messages.get(rank), rank)) {
        Merged known =
            all.computeIfAbsent(
                told.spec().name(), _ -> new Merged(told.spec(), new ArrayList<>()));
        if (!known.spec().equals(told.spec())) {
          throw disagreement(
              rank,
              "rank %s has tensor %s, rank %s has %s"
                  .formatted(known.held().getFirst().rank(), known.spec(), rank, told.spec()));
        }
        known.held().addAll(told.held());
      }
    }
  }

  /** Several ranks that have the same would each write it, at another time. */
  private void check(Merged tensor, Map<Part, List<Integer>> writers) throws CollectiveException {
    List<PartCover.Held> written = new ArrayList<>();
    writers.forEach(
        (part, holders) -> holders.forEach(rank -> written.add(new PartCover.Held(rank, part))));
    Optional<String> fault = new PartCover(tensor.spec().shape()).fault(written);
    if (fault.isEmpty()) {
      return;
    }
    String text = "tensor %s: %s".formatted(tensor.spec(), fault.get());
    if (ranks.size() == 1) {
      throw new IllegalArgumentException(text);
    }
    boolean isTwice = writers.values().stream().anyMatch(holders -> holders.size() > 1);
    String hint =
        isTwice
            ? "; let one rank add it, or say replicated(%s) if all have the same"
                .formatted(Printable.quote(tensor.spec().name()))
            : "";
    throw disagreement(CollectiveException.NO_PEER, text + hint);
  }

  private CollectiveException disagreement(int peer, String text) {
    return new CollectiveException(ranks.rank(), "save", peer, "the ranks disagree: " + text, null);
  }

  private int leastLoaded(List<Integer> holders) {
    return holders.stream().min(Comparator.comparingLong(rank -> bytes[rank])).orElseThrow();
  }

  private AgreedTensor agreed(Merged tensor, Map<Part, List<Integer>> writers) {
    AddedTensor mine = own.get(tensor.spec().name());
    if (mine == null) {
      return new AgreedTensor(tensor.spec(), null, List.of());
    }
    List<AddedPart> written =
        mine.parts().stream()
            .filter(part -> writers.getOrDefault(part.part(), List.of()).contains(ranks.rank()))
            .toList();
    return new AgreedTensor(tensor.spec(), mine.declared(), written);
  }
}

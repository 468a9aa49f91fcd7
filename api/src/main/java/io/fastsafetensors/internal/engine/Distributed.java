// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.engine;

import io.fastsafetensors.Device;
import io.fastsafetensors.DirectMode;
import io.fastsafetensors.Distribution;
import io.fastsafetensors.LoadOptions;
import io.fastsafetensors.LoadReport;
import io.fastsafetensors.Part;
import io.fastsafetensors.Reason;
import io.fastsafetensors.Selection;
import io.fastsafetensors.format.LoadException;
import io.fastsafetensors.internal.plan.Catalog;
import io.fastsafetensors.internal.plan.CatalogFile;
import io.fastsafetensors.internal.plan.ExchangePlan;
import io.fastsafetensors.internal.plan.FilePlan;
import io.fastsafetensors.internal.plan.LoadPlan;
import io.fastsafetensors.internal.plan.RankParts;
import io.fastsafetensors.internal.plan.WantedPart;
import io.fastsafetensors.spi.Transport;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which rank wants what of a load of parts, and which rank reads what; the same on all ranks.
 *
 * @param parts what every rank wants
 * @param how which rank reads which bytes
 * @param byPageCache whether ranks that share bytes find them in the page cache of their host
 * @param reason why
 */
record Distributed(RankParts parts, Distribution how, boolean byPageCache, Reason reason) {
  /**
   * What a rank tells the others.
   *
   * @param parts what it wants of each tensor
   * @param facts what it sees of the files
   */
  private record Told(List<Part> parts, RankFacts facts) {
    byte[] encode() {
      return PartsMessage.bytes(out -> {
        facts.write(out);
        PartsMessage.write(parts, out);
      });
    }

    static Told decode(byte[] message) {
      return PartsMessage.from(
          message,
          in -> {
            RankFacts facts = RankFacts.read(in);
            return new Told(PartsMessage.read(in), facts);
          });
    }
  }

  /**
   * How this rank looks at files.
   *
   * @param headers what their owners read
   * @param backends open the files
   * @param bounded bounds how long that takes
   */
  record Files(Headers headers, Backends backends, BoundedCall bounded) {}

  /**
   * Has the ranks tell each other what they want and what they see, and chooses.
   *
   * @throws LoadException if one can't look at a file, or doesn't see it as the others do and is to
   *     read it; the same on all ranks
   */
  static Distributed agree(
      Transport group, Catalog catalog, LoadOptions options, Device device, Files files)
      throws LoadException {
    List<byte[]> messages =
        Agreement.gather(group, "parts", () -> tell(group, catalog, options, files));
    List<Told> told = messages.stream().map(Told::decode).toList();
    RankParts parts = new RankParts(catalog, told.stream().map(Told::parts).toList());
    List<RankFacts> facts = told.stream().map(Told::facts).toList();
    if (group.size() == 1) {
      Reason alone = Reason.of("distribution.single", "one rank reads its own parts");
      return new Distributed(parts, Distribution.LOCAL, false, alone);
    }
    boolean byPageCache = device.isCpu() && options.direct() != DirectMode.ON && isOneHost(facts);
    return choose(group, options.distribution(), parts, facts, byPageCache, catalog, files);
  }

  private static byte[] tell(Transport group, Catalog catalog, LoadOptions options, Files files)
      throws LoadException {
    Selection selection = options.selection().orElseThrow();
    List<Part> wanted = RankParts.of(selection, catalog, group.size(), group.rank());
    boolean isForOwners = options.distribution() == Distribution.OWNER || group.size() == 1;
    List<CatalogFile> seen = isForOwners ? List.of() : catalog.files();
    RankFacts facts =
        files.bounded.run(
            () -> RankFacts.of(seen, group.rank(), files.headers, files.backends, files.bounded),
            _ -> {});
    return new Told(wanted, facts).encode();
  }

  private static Distributed choose(
      Transport group,
      Distribution asked,
      RankParts parts,
      List<RankFacts> facts,
      boolean byPageCache,
      Catalog catalog,
      Files files)
      throws LoadException {
    if (asked == Distribution.OWNER) {
      return new Distributed(parts, asked, false, asked());
    }
    Optional<String> fault = fault(catalog.files(), facts);
    if (fault.isPresent()) {
      if (asked == Distribution.AUTO) {
        Reason reason = Reason.of("distribution.not-shared", "{fault}").with("fault", fault.get());
        return new Distributed(parts, Distribution.OWNER, false, reason);
      }
      throw new LoadException(
          "%s; distribution %s needs the same files on all ranks: use owner or auto"
              .formatted(fault.get(), asked.name().toLowerCase(Locale.ROOT)));
    }
    if (asked != Distribution.AUTO) {
      return new Distributed(parts, asked, byPageCache, asked());
    }
    long once = parts.bytesOfAll();
    long more = parts.bytesOfEach() - once;
    if (!RankParts.isWorthSharing(once, once + more)) {
      return local(
          parts,
          "distribution.disjoint",
          "hardly a byte is wanted by two ranks: {more} more than the {once} wanted",
          more,
          once);
    }
    if (!byPageCache && haveAllCached(group, catalog.files(), files)) {
      return local(
          parts,
          "distribution.cached",
          "the page cache has the files: no exchange for {more} bytes that several ranks want",
          more,
          once);
    }
    Reason reason =
        Reason.of(
                byPageCache ? "distribution.page-cache" : "distribution.overlap",
                byPageCache
                    ? "each reads a share of {once} bytes into the page cache, where all find it"
                    : "each reads a share of {once} bytes and gives the others their rows")
            .with("once", once);
    return new Distributed(parts, Distribution.SHARED, byPageCache, reason);
  }

  /** Asks all ranks whether the page caches of their hosts have the files. */
  private static boolean haveAllCached(Transport group, List<CatalogFile> all, Files files)
      throws LoadException {
    Agreement.Step<byte[]> looking =
        () -> {
          boolean cached =
              files.bounded.run(
                  () -> RankFacts.areCached(all, files.backends, files.bounded), _ -> {});
          return new byte[] {(byte) (cached ? 1 : 0)};
        };
    return Agreement.gather(group, "page cache", looking).stream().allMatch(told -> told[0] == 1);
  }

  private static Distributed local(
      RankParts parts, String code, String text, long more, long once) {
    Reason reason = Reason.of(code, text).with("more", more).with("once", once);
    return new Distributed(parts, Distribution.LOCAL, false, reason);
  }

  private static Reason asked() {
    return Reason.of("distribution.asked", "asked for");
  }

  private static boolean isOneHost(List<RankFacts> facts) {
    return facts.stream().map(RankFacts::host).distinct().count() == 1;
  }

  /** Finds a file that a rank doesn't see as its owner does. */
  private static Optional<String> fault(List<CatalogFile> files, List<RankFacts> facts) {
    for (int i = 0; i < files.size(); i++) {
      int owner = files.get(i).source().rank();
      for (int rank = 0; rank < facts.size(); rank++) {
        String fault = facts.get(rank).files().get(i).fault();
        if (fault.isEmpty()) {
          fault = difference(facts.get(owner), facts.get(rank), i);
        }
        if (!fault.isEmpty()) {
          return Optional.of(
              "rank %s does not see %s as rank %s does: %s"
                  .formatted(rank, files.get(i).source().path(), owner, fault));
        }
      }
    }
    return Optional.empty();
  }

  /** On one host a file is the same file; elsewhere there may be a copy of it, as old as it is. */
  private static String difference(RankFacts owner, RankFacts other, int file) {
    String one = owner.files().get(file).version();
    String two = other.files().get(file).version();
    return owner.host().equals(other.host()) && !one.equals(two)
        ? "it was written to: " + one + " there, " + two + " here"
        : "";
  }

  /** Tells whether ranks first read into the page cache, each its share, and then take from it. */
  boolean isReadAhead() {
    return how == Distribution.SHARED && byPageCache;
  }

  /** Tells whether each rank just reads its own parts, if need be from the page cache. */
  boolean isRead() {
    return how == Distribution.LOCAL || isReadAhead();
  }

  /** Tells whether each rank reads its own parts without the others. */
  boolean isReadApart() {
    return how == Distribution.LOCAL;
  }

  /** Plans what one rank reads and gets. */
  LoadPlan plan(int rank) {
    List<WantedPart> wanted = parts.of(rank);
    if (isReadAhead()) {
      return exchange().afterPassing(wanted);
    }
    return isRead() ? LoadPlan.of(wanted) : exchange().of(wanted, rank);
  }

  /** Returns which chunks one rank reads ahead or finds in the page cache. */
  List<FilePlan> passing(int rank) {
    return exchange().passing(parts.of(rank), rank);
  }

  /** Returns which rank reads what for the others. */
  ExchangePlan exchange() {
    return exchange(parts);
  }

  /** Returns which rank reads what of some of the parts. */
  ExchangePlan exchange(RankParts some) {
    return how == Distribution.OWNER ? ExchangePlan.byOwner(some) : ExchangePlan.shared(some);
  }

  /** Adds to a report which rank read what. */
  LoadJob.Result reported(LoadJob.Result result) {
    return new LoadJob.Result(result.tensors(), reported(result.report()));
  }

  /** Adds to a report which rank read what. */
  LoadReport reported(LoadReport report) {
    return report.toBuilder().distribution(how, reason).build();
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.toolkit.io;

import io.fastsafetensors.spi.ByteRange;
import io.fastsafetensors.toolkit.io.RangeLayout.Rules;
import io.fastsafetensors.toolkit.io.RangeLayout.Span;
import java.util.ArrayList;
import java.util.List;

/** Places ranges one after the other; the last span is open. */
final class SpanPlacement {
  private final Rules rules;
  private final List<Span> spans = new ArrayList<>();
  private boolean open;
  private long fileBegin;
  private long fileEnd;
  private long bufferBegin;
  private long spanGrain;
  private long bufferEnd;

  SpanPlacement(Rules rules) {
    this.rules = rules;
  }

  List<Span> spans() {
    return spans;
  }

  /** Returns how many bytes of the buffer are taken by the spans that ended. */
  long bufferEnd() {
    return bufferEnd;
  }

  /** Returns where a range goes in the buffer; 0 for an empty range. */
  long place(ByteRange range) {
    if (range.size() == 0) {
      return 0;
    }
    if (!open || !joins(range)) {
      endSpan();
      startSpan(range);
    }
    fileEnd = range.end();
    return range.begin() - fileBegin + bufferBegin;
  }

  private boolean joins(ByteRange range) {
    boolean near = down(range.begin(), spanGrain) - up(fileEnd, spanGrain) <= rules.maxGap();
    return near
        && (range.size() < rules.alignFrom()
            || isAligned(range.begin() - fileBegin + bufferBegin, rules.alignment()));
  }

  private void startSpan(ByteRange range) {
    boolean onGrain =
        range.size() < rules.alignFrom()
            || isAligned(range.begin(), Math.min(rules.alignment(), rules.grain()));
    spanGrain = onGrain ? rules.grain() : 1;
    fileBegin = down(range.begin(), spanGrain);
    bufferBegin = up(bufferEnd, Math.max(rules.alignment(), spanGrain));
    open = true;
  }

  /** Ends the last span. */
  void endSpan() {
    if (open) {
      long bytes = up(fileEnd, spanGrain) - fileBegin;
      spans.add(new Span(fileBegin, bufferBegin, bytes));
      bufferEnd = Math.addExact(bufferBegin, bytes);
      open = false;
    }
  }

  private static boolean isAligned(long value, long alignment) {
    return (value & (alignment - 1)) == 0;
  }

  private static long down(long value, long alignment) {
    return value & -alignment;
  }

  private static long up(long value, long alignment) {
    return Math.addExact(value, alignment - 1) & -alignment;
  }
}

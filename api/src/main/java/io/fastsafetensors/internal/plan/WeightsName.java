// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a file of weights, taken apart: {@code model.fp16.safetensors}, {@code
 * model.fp16-00001-of-00002.safetensors} as Transformers writes it, {@code
 * model-00001-of-00002.fp16.safetensors} as older Diffusers do.
 *
 * @param before what stands before the number; of a file without a number, the whole name
 * @param number the digits of its number, from 0 or from 1; empty if it has none
 * @param after what stands after the number, from {@code -of-} on
 * @param total how many files its set has; 0 if it has no number
 * @param base the name without number, variant and extension
 * @param variant what distinguishes it from another file of the same base; empty if nothing
 */
record WeightsName(
    String before, String number, String after, int total, String base, String variant) {
  static final String SUFFIX = ".safetensors";

  private static final Pattern NUMBERED =
      Pattern.compile("(.*?[-_.]?)(\\d{1,9})([-_]of[-_](\\d{1,9})([-_.].*)?)", Pattern.DOTALL);

  private static final Pattern VARIANT =
      Pattern.compile("(.+)\\.(\\w*[a-zA-Z]\\w*)", Pattern.DOTALL);

  /** Variants that a name can have without another file of its base. */
  private static final Pattern PRECISION =
      Pattern.compile("(fp|bf|f|int|nf|float|bfloat)\\d{1,2}(_\\w+)?|\\d{1,2}bit|(non_)?ema\\w*");

  private static final Pattern INDEX =
      Pattern.compile(
          "(.+?)\\.safetensors(?:\\.([^.]+))?\\.index(?:\\.([^.]+))?\\.json", Pattern.DOTALL);

  /** Takes apart the name of a {@code .safetensors} file. */
  static WeightsName of(String fileName) {
    String stem = fileName.substring(0, fileName.length() - SUFFIX.length());
    Matcher numbered = NUMBERED.matcher(stem);
    if (!numbered.matches() || Integer.parseInt(numbered.group(4)) == 0) {
      return new WeightsName(fileName, "", "", 0, base(stem), variant(stem));
    }
    String prefix = numbered.group(1).replaceFirst("[-_.]$", "");
    String tail = numbered.group(5) == null ? "" : numbered.group(5);
    String whole = tail.startsWith(".") || variant(prefix).isEmpty() ? prefix + tail : prefix;
    return new WeightsName(
        numbered.group(1),
        numbered.group(2),
        numbered.group(3) + SUFFIX,
        Integer.parseInt(numbered.group(4)),
        base(whole),
        variant(whole));
  }

  /** Returns the variant that an index's name tells, empty for none; nothing if it is no index. */
  static Optional<String> variantOfIndex(String fileName) {
    Matcher index = INDEX.matcher(fileName);
    if (!index.matches()) {
      return Optional.empty();
    }
    String last = index.group(3) != null ? index.group(3) : index.group(2);
    return Optional.of(last != null ? last : variant(index.group(1)));
  }

  /** A word after the last dot; a number there is a version or a part. */
  private static String variant(String stem) {
    Matcher matcher = VARIANT.matcher(stem);
    return matcher.matches() ? matcher.group(2) : "";
  }

  private static String base(String stem) {
    Matcher matcher = VARIANT.matcher(stem);
    return matcher.matches() ? matcher.group(1) : stem;
  }

  /** Returns whether the variant is one of precision or averaging, whatever else is there. */
  boolean isKnownVariant() {
    return PRECISION.matcher(variant.toLowerCase(Locale.ROOT)).matches();
  }

  boolean isNumbered() {
    return total > 0;
  }

  /** Returns the name of all files of the set, as in {@code model-*-of-00002.safetensors}. */
  String set() {
    return isNumbered() ? before + "*" + after : before;
  }

  /** Returns the name of another file of the set. */
  String numbered(int other) {
    String digits = Integer.toString(other);
    return before + "0".repeat(Math.max(0, number.length() - digits.length())) + digits + after;
  }
}

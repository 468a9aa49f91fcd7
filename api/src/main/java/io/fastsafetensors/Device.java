// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where tensors live: a kind of memory and which one of that kind.
 *
 * @param type the kind, lower case: {@code cpu}, {@code cuda}, or what a plug-in offers
 * @param index which one, from 0; {@code cpu} has only 0
 * @since 0.1
 */
public record Device(String type, int index) {
  // Before CPU, whose making needs it.
  private static final Pattern FORM = Pattern.compile("([a-z][a-z0-9_]*)(?::([0-9]{1,9}))?");

  /** Host memory. */
  public static final Device CPU = new Device("cpu", 0);

  /**
   * Makes a device.
   *
   * @throws IllegalArgumentException if the type is not lower-case letters, digits and underscores,
   *     if the index is negative, or if it is not 0 for {@code cpu}
   */
  public Device {
    if (!FORM.matcher(type).matches() || type.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "device type '" + type + "': want lower-case letters, as in cpu or cuda");
    }
    if (index < 0 || (index > 0 && type.equals("cpu"))) {
      throw new IllegalArgumentException("device '" + type + "' has no index " + index);
    }
  }

  /**
   * Returns an NVIDIA GPU.
   *
   * @param index which one, from 0, as CUDA counts those that the process may see
   * @return the device {@code cuda:INDEX}; whether there is one is found when it is opened
   * @throws IllegalArgumentException if the index is negative
   */
  public static Device cuda(int index) {
    return new Device("cuda", index);
  }

  /**
   * Reads a device such as {@code cpu}, {@code cuda:1}; without an index it is index 0.
   *
   * @param text the text
   * @return the device
   * @throws IllegalArgumentException if the text has another form
   */
  public static Device parse(String text) {
    return parse(text, 0);
  }

  /**
   * Reads a device, with an index for when the text has none. In a group of processes that index is
   * the local rank, never the global one.
   *
   * @param text the text
   * @param defaultIndex the index if the text has none; ignored for {@code cpu}
   * @return the device
   * @throws IllegalArgumentException if the text has another form
   */
  public static Device parse(String text, int defaultIndex) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      String lower = text.strip().toLowerCase(Locale.ROOT);
      throw new IllegalArgumentException(
          "device '%s': want TYPE or TYPE:INDEX in lower case, as in cpu or cuda:1%s"
              .formatted(text, FORM.matcher(lower).matches() ? ": '" + lower + "'?" : ""));
    }
    String type = matcher.group(1);
    if (matcher.group(2) != null) {
      return new Device(type, Integer.parseInt(matcher.group(2)));
    }
    return new Device(type, type.equals("cpu") ? 0 : defaultIndex);
  }

  /**
   * Tells whether this is host memory.
   *
   * @return true for {@code cpu}
   */
  public boolean isCpu() {
    return type.equals("cpu");
  }

  /** Returns {@code cpu}, or {@code TYPE:INDEX}. */
  @Override
  public String toString() {
    return isCpu() ? type : type + ":" + index;
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.internal.plan;

import io.fastsafetensors.Reason;

/** Why a file of a folder isn't part of a checkpoint. */
public final class LeftOutReasons {
  /** Its name begins with a dot. */
  public static final Reason HIDDEN = Reason.of("file.hidden", "hidden");

  /** Its name doesn't end with {@code .safetensors}. */
  public static final Reason OTHER_NAME = Reason.of("file.other-name", "not .safetensors");

  /** It is a folder. */
  public static final Reason FOLDER = Reason.of("file.folder", "a folder");

  /** The index doesn't name it. */
  public static final Reason NOT_IN_INDEX = Reason.of("file.not-in-index", "not in the index");

  /** It belongs to another variant or checkpoint. */
  public static final Reason OTHER_VARIANT = Reason.of("file.other-variant", "of another variant");

  /** It is a part of a file, left by a download. */
  public static final Reason UNFINISHED_DOWNLOAD =
      Reason.of("file.unfinished-download", "left by a download");

  /** It is a temporary file of a writer that is at work, or was killed. */
  public static final Reason UNFINISHED_WRITE =
      Reason.of("file.unfinished-write", "a writer's temporary file");

  private LeftOutReasons() {}
}

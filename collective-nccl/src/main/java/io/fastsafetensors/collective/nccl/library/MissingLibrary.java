// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.collective.nccl.library;

import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Says in one line what is missing when JavaCPP can't load: its own messages say it in many. */
final class MissingLibrary {
  private static final Pattern NOT_FOUND =
      Pattern.compile("(lib[\\w.+-]+): cannot open shared object file");

  private MissingLibrary() {}

  /** Returns why, and what to do about it. */
  static String reason(Throwable failure) {
    Optional<String> library = messages(failure).flatMap(MissingLibrary::libraries).findFirst();
    return library
        .map(name -> name + " was not found: " + remedy(name))
        .orElseGet(() -> "JavaCPP can't load NCCL: " + firstLine(failure));
  }

  private static Stream<String> messages(Throwable failure) {
    return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
        .map(cause -> String.valueOf(cause.getMessage()));
  }

  private static Stream<String> libraries(String message) {
    return NOT_FOUND.matcher(message).results().map((MatchResult match) -> match.group(1));
  }

  private static String remedy(String library) {
    return switch (library) {
      case "libcuda.so.1" -> "install NVIDIA's driver, or give the container its GPU";
      case "libcudart.so.13" ->
          "install the CUDA 13 runtime (package cuda-cudart-13-0 or the like, or the Python wheel"
              + " nvidia-cuda-runtime), and if need be set "
              + NcclLibrary.FOLDERS.environmentVariable()
              + " to its folder";
      case "libnccl.so.2" ->
          "install NCCL for CUDA 13 (package libnccl2, or the Python wheel nvidia-nccl-cu13), and"
              + " if need be set "
              + NcclLibrary.FOLDERS.environmentVariable()
              + " to its folder";
      default -> "set " + NcclLibrary.FOLDERS.environmentVariable() + " to its folder";
    };
  }

  private static String firstLine(Throwable failure) {
    return failure.getClass().getSimpleName()
        + ": "
        + String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }
}

// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.backend.gds.cufile;

import java.util.Map;
import java.util.Set;

/**
 * The names of what cuFile and the CUDA driver answer, as NVIDIA's cuFile API reference has them.
 */
final class Status {
  static final int SUCCESS = 0;

  /** cuFile's own codes are above this; smaller numbers are the operating system's. */
  static final int BASE = 5000;

  /** The code of an error of the CUDA driver, whose own code comes with it. */
  static final int CUDA_DRIVER_ERROR = 5011;

  private static final Map<Integer, String> CUFILE =
      Map.ofEntries(
          Map.entry(SUCCESS, "CU_FILE_SUCCESS"),
          Map.entry(5001, "CU_FILE_DRIVER_NOT_INITIALIZED"),
          Map.entry(5002, "CU_FILE_DRIVER_INVALID_PROPS"),
          Map.entry(5003, "CU_FILE_DRIVER_UNSUPPORTED_LIMIT"),
          Map.entry(5004, "CU_FILE_DRIVER_VERSION_MISMATCH"),
          Map.entry(5005, "CU_FILE_DRIVER_VERSION_READ_ERROR"),
          Map.entry(5006, "CU_FILE_DRIVER_CLOSING"),
          Map.entry(5007, "CU_FILE_PLATFORM_NOT_SUPPORTED"),
          Map.entry(5008, "CU_FILE_IO_NOT_SUPPORTED"),
          Map.entry(5009, "CU_FILE_DEVICE_NOT_SUPPORTED"),
          Map.entry(5010, "CU_FILE_NVFS_DRIVER_ERROR"),
          Map.entry(CUDA_DRIVER_ERROR, "CU_FILE_CUDA_DRIVER_ERROR"),
          Map.entry(5012, "CU_FILE_CUDA_POINTER_INVALID"),
          Map.entry(5013, "CU_FILE_CUDA_MEMORY_TYPE_INVALID"),
          Map.entry(5014, "CU_FILE_CUDA_POINTER_RANGE_ERROR"),
          Map.entry(5015, "CU_FILE_CUDA_CONTEXT_MISMATCH"),
          Map.entry(5016, "CU_FILE_INVALID_MAPPING_SIZE"),
          Map.entry(5017, "CU_FILE_INVALID_MAPPING_RANGE"),
          Map.entry(5018, "CU_FILE_INVALID_FILE_TYPE"),
          Map.entry(5019, "CU_FILE_INVALID_FILE_OPEN_FLAG"),
          Map.entry(5020, "CU_FILE_DIO_NOT_SET"),
          Map.entry(5022, "CU_FILE_INVALID_VALUE"),
          Map.entry(5023, "CU_FILE_MEMORY_ALREADY_REGISTERED"),
          Map.entry(5024, "CU_FILE_MEMORY_NOT_REGISTERED"),
          Map.entry(5025, "CU_FILE_PERMISSION_DENIED"),
          Map.entry(5026, "CU_FILE_DRIVER_ALREADY_OPEN"),
          Map.entry(5027, "CU_FILE_HANDLE_NOT_REGISTERED"),
          Map.entry(5028, "CU_FILE_HANDLE_ALREADY_REGISTERED"),
          Map.entry(5029, "CU_FILE_DEVICE_NOT_FOUND"),
          Map.entry(5030, "CU_FILE_INTERNAL_ERROR"),
          Map.entry(5031, "CU_FILE_GETNEWFD_FAILED"),
          Map.entry(5033, "CU_FILE_NVFS_SETUP_ERROR"),
          Map.entry(5034, "CU_FILE_IO_DISABLED"),
          Map.entry(5035, "CU_FILE_BATCH_SUBMIT_FAILED"),
          Map.entry(5036, "CU_FILE_GPU_MEMORY_PINNING_FAILED"),
          Map.entry(5037, "CU_FILE_BATCH_FULL"),
          Map.entry(5038, "CU_FILE_ASYNC_NOT_SUPPORTED"),
          Map.entry(5039, "CU_FILE_INTERNAL_BATCH_SETUP_ERROR"),
          Map.entry(5040, "CU_FILE_INTERNAL_BATCH_SUBMIT_ERROR"),
          Map.entry(5041, "CU_FILE_INTERNAL_BATCH_GETSTATUS_ERROR"),
          Map.entry(5042, "CU_FILE_INTERNAL_BATCH_CANCEL_ERROR"),
          Map.entry(5043, "CU_FILE_NOMEM_ERROR"),
          Map.entry(5044, "CU_FILE_IO_ERROR"),
          Map.entry(5045, "CU_FILE_INTERNAL_BUF_REGISTER_ERROR"),
          Map.entry(5046, "CU_FILE_HASH_OPR_ERROR"),
          Map.entry(5047, "CU_FILE_INVALID_CONTEXT_ERROR"),
          Map.entry(5048, "CU_FILE_NVFS_INTERNAL_DRIVER_ERROR"),
          Map.entry(5049, "CU_FILE_BATCH_NOCOMPAT_ERROR"),
          Map.entry(5050, "CU_FILE_IO_MAX_ERROR"));

  /**
   * What {@code cuFileHandleRegister} answers of a file of whose storage udev's database says
   * nothing, in compatibility mode too: the first was seen of libcufile 1.15, the second is read
   * from the log that others published of an older one.
   */
  private static final Set<Integer> UNKNOWN_STORAGE = Set.of(5027, 5030);

  /**
   * Platform, driver, file or GPU lack the feature; of data that can't be read none of these tells.
   */
  private static final Set<Integer> UNSUPPORTED =
      Set.of(5001, 5002, 5003, 5004, 5005, 5007, 5008, 5009, 5018, 5019, 5020, 5029, 5033, 5034);

  private static final Map<Integer, String> CUDA =
      Map.ofEntries(
          Map.entry(1, "CUDA_ERROR_INVALID_VALUE"),
          Map.entry(2, "CUDA_ERROR_OUT_OF_MEMORY"),
          Map.entry(3, "CUDA_ERROR_NOT_INITIALIZED"),
          Map.entry(4, "CUDA_ERROR_DEINITIALIZED"),
          Map.entry(100, "CUDA_ERROR_NO_DEVICE"),
          Map.entry(101, "CUDA_ERROR_INVALID_DEVICE"),
          Map.entry(201, "CUDA_ERROR_INVALID_CONTEXT"),
          Map.entry(304, "CUDA_ERROR_OPERATING_SYSTEM"),
          Map.entry(400, "CUDA_ERROR_INVALID_HANDLE"),
          Map.entry(700, "CUDA_ERROR_ILLEGAL_ADDRESS"),
          Map.entry(709, "CUDA_ERROR_CONTEXT_IS_DESTROYED"),
          Map.entry(719, "CUDA_ERROR_LAUNCH_FAILED"),
          Map.entry(800, "CUDA_ERROR_NOT_PERMITTED"),
          Map.entry(801, "CUDA_ERROR_NOT_SUPPORTED"),
          Map.entry(803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"),
          Map.entry(999, "CUDA_ERROR_UNKNOWN"));

  /** ENOSYS, EOPNOTSUPP, and EINVAL, by which file systems refuse reads past the page cache. */
  private static final Set<Integer> UNSUPPORTED_ERRNO = Set.of(22, 38, 95);

  private static final Map<Integer, String> ERRNO =
      Map.of(
          1,
          "EPERM",
          2,
          "ENOENT",
          5,
          "EIO",
          9,
          "EBADF",
          12,
          "ENOMEM",
          13,
          "EACCES",
          14,
          "EFAULT",
          22,
          "EINVAL",
          38,
          "ENOSYS",
          95,
          "EOPNOTSUPP");

  private Status() {}

  /** Names a code of cuFile, with that of the CUDA driver if that is behind it. */
  static String name(int code, int cuda) {
    String name = CUFILE.getOrDefault(code, "cuFile's code " + code) + " (" + code + ")";
    return code == CUDA_DRIVER_ERROR
        ? name + ", " + CUDA.getOrDefault(cuda, "CUDA's code") + " (" + cuda + ")"
        : name;
  }

  /** Names an error of the operating system. */
  static String errno(int errno) {
    return ERRNO.containsKey(errno) ? ERRNO.get(errno) + " (" + errno + ")" : "errno " + errno;
  }

  static boolean isUnsupported(int code) {
    return UNSUPPORTED.contains(code);
  }

  static boolean isUnknownStorage(int code) {
    return UNKNOWN_STORAGE.contains(code);
  }

  static boolean isUnsupportedErrno(int errno) {
    return UNSUPPORTED_ERRNO.contains(errno);
  }
}

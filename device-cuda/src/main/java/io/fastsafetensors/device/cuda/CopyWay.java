// SPDX-License-Identifier: Apache-2.0
package io.fastsafetensors.device.cuda;

import io.fastsafetensors.device.cuda.driver.Addresses;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUDA_MEMCPY3D_PEER;
import jcuda.driver.CUcontext;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** Between which memories a copy goes: the driver has calls for each. */
sealed interface CopyWay {
  /** Queues a copy of one row; returns the driver's result. */
  int line(Rows row, CUstream stream);

  /** Queues a copy of rows at a distance; returns the driver's result. */
  int rows(Rows rows, CUstream stream);

  /** From host memory to the device. */
  CopyWay UPLOAD = new Within(CUmemorytype.CU_MEMORYTYPE_HOST, CUmemorytype.CU_MEMORYTYPE_DEVICE);

  /** From the device to host memory. */
  CopyWay DOWNLOAD = new Within(CUmemorytype.CU_MEMORYTYPE_DEVICE, CUmemorytype.CU_MEMORYTYPE_HOST);

  /** On the device. */
  CopyWay INSIDE = new Within(CUmemorytype.CU_MEMORYTYPE_DEVICE, CUmemorytype.CU_MEMORYTYPE_DEVICE);

  /**
   * With one device.
   *
   * @param from the source's {@code CUmemorytype}
   * @param to the target's
   */
  record Within(int from, int to) implements CopyWay {
    @Override
    public int line(Rows row, CUstream stream) {
      if (from == CUmemorytype.CU_MEMORYTYPE_HOST) {
        return JCudaDriver.cuMemcpyHtoDAsync(
            Addresses.device(row.target()), Addresses.host(row.source()), row.bytes(), stream);
      }
      if (to == CUmemorytype.CU_MEMORYTYPE_HOST) {
        return JCudaDriver.cuMemcpyDtoHAsync(
            Addresses.host(row.target()), Addresses.device(row.source()), row.bytes(), stream);
      }
      return JCudaDriver.cuMemcpyDtoDAsync(
          Addresses.device(row.target()), Addresses.device(row.source()), row.bytes(), stream);
    }

    @Override
    public int rows(Rows rows, CUstream stream) {
      CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
      copy.srcMemoryType = from;
      copy.srcHost = Addresses.host(rows.source());
      copy.srcDevice = Addresses.device(rows.source());
      copy.srcPitch = rows.sourcePitch();
      copy.dstMemoryType = to;
      copy.dstHost = Addresses.host(rows.target());
      copy.dstDevice = Addresses.device(rows.target());
      copy.dstPitch = rows.targetPitch();
      copy.WidthInBytes = rows.bytes();
      copy.Height = rows.count();
      return JCudaDriver.cuMemcpy2DAsync(copy, stream);
    }
  }

  /**
   * From another device.
   *
   * @param from the source's context
   * @param to the target's
   */
  record Between(CUcontext from, CUcontext to) implements CopyWay {
    @Override
    public int line(Rows row, CUstream stream) {
      return JCudaDriver.cuMemcpyPeerAsync(
          Addresses.device(row.target()),
          to,
          Addresses.device(row.source()),
          from,
          row.bytes(),
          stream);
    }

    @Override
    public int rows(Rows rows, CUstream stream) {
      CUDA_MEMCPY3D_PEER copy = new CUDA_MEMCPY3D_PEER();
      copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
      copy.srcDevice = Addresses.device(rows.source());
      copy.srcContext = from;
      copy.srcPitch = rows.sourcePitch();
      copy.srcHeight = rows.count();
      copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
      copy.dstDevice = Addresses.device(rows.target());
      copy.dstContext = to;
      copy.dstPitch = rows.targetPitch();
      copy.dstHeight = rows.count();
      copy.WidthInBytes = rows.bytes();
      copy.Height = rows.count();
      copy.Depth = 1;
      return JCudaDriver.cuMemcpy3DPeerAsync(copy, stream);
    }
  }
}

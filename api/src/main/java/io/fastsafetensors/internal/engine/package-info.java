// SPDX-License-Identifier: Apache-2.0
/**
 * The way of the data, from files to tensors. In the order of its steps:
 *
 * <ol>
 *   <li><b>Agree</b>, {@code DefaultLoader#loadTogether}: {@code FileSet} knows the files and reads
 *       their {@code Headers}; {@code Agreement} compares what the ranks ask for, and makes one
 *       rank's failure every rank's.
 *   <li><b>Plan and open</b>, {@code DefaultLoader#loadShare}: each rank opens its device ({@code
 *       SharedContext}) and plans what it reads ({@code internal.plan.LoadPlan}), within the memory
 *       that there is ({@code LoadNeeds}).
 *   <li><b>Submit and receive</b>, {@code LoadJob#run}: {@code FilesInFlight} owns what is in
 *       flight; {@code BackendSession} makes all calls of a backend. The backend writes blocks to
 *       device memory, and reports each to {@code LoadMonitor#blockDone}. A file that is there is a
 *       {@code LoadedFile}: a {@code Piece} of {@code Memory} for each tensor.
 *   <li><b>Convert</b>, {@code LoadJob#receiveAndConvert}: {@code Conversion} knows which tensors
 *       get another type, {@code TensorBatch} is their new memory.
 *   <li><b>Hand out</b>, {@code DefaultFileBuffer}: what is {@code Asked} for, as {@code Request}s.
 *       A group of one gets views ({@code ViewSource}). In a larger one, {@code GroupSource} has
 *       the ranks agree, and {@code RequestBatch} puts small tensors together; {@code
 *       Exchange#broadcast} sends whole tensors, {@code Exchange#scatter} the rows of each rank's
 *       shard.
 * </ol>
 *
 * <p>A save goes the other way: {@code SaveStart} begins it, {@code AgreedTensors} has what the
 * ranks have, {@code SavePlan} what is written where, and {@code SaveCommit} ends it. {@code
 * SaveRanks} makes each step one of all ranks.
 *
 * <p>Beside them: {@code BoundedCall} and {@code StopSignal} end what takes too long, {@code
 * HeldFiles} knows what hangs; {@code Memory}, {@code SharedContext} and {@code Cleanup} are about
 * who frees what; {@code DefaultTensor}, {@code Values} and {@code Downloads} give tensors' values.
 */
@NullMarked
package io.fastsafetensors.internal.engine;

import org.jspecify.annotations.NullMarked;

// SPDX-License-Identifier: Apache-2.0
/**
 * How Linux reads files, on top of {@link io.fastsafetensors.toolkit.io}, which draws how a block
 * travels. Who decides what:
 *
 * <pre>{@code
 * PosixSession.choose: where the bytes of a file go, by device, options and Residency
 *
 *   placement  when                                   target          where the bytes arrive
 *   ---------  -------------------------------------  --------------  -----------------------------
 *   STAGED     the host doesn't see the device        RingTarget      staging buffers, from there
 *                                                                     by a stream to the device
 *   MAPPED     cpu; MAPPED is asked for; or AUTO and  MappedTarget    pages of the page cache:
 *              (all but 1/32 of the pages are cached,                 page tables are filled by
 *              or nobody can tell and the file is                     FileMapping.populate
 *              local, or a copy would not fit)
 *   MIXED      cpu; AUTO, at least 1/4 of the 16 MiB  MixedTarget     cached blocks: page cache;
 *              blocks are cached; late memory                         others: private memory that
 *                                                                     lies in the mapping
 *   COPIED     cpu; anything else                     HostTarget      private memory
 *   UNIFIED    another device that the host sees      HostTarget      the device's own memory
 *
 * PosixPaths.path: how a read goes, once for each block
 *
 *   MAPPED     of a mapping                           madvise, FileMapping.populate
 *   DIRECT     direct is ON, whatever is cached; or   pread past the page cache, DirectFile's
 *              AUTO, not cached, nothing against it   descriptor
 *   CACHED     the page cache has it                  pread, copied by the processor
 *   BUFFERED   the rest                               pread by way of the page cache
 * }</pre>
 *
 * <p>{@code PosixFile} opens and reads the file; {@code DirectFile} is its way past the page cache.
 * {@code PageCache} says what is cached, by the first {@code CacheQuery} that tells the truth of
 * the file; {@code CacheQueries} finds that one. {@code Residency} asks about a plan, in blocks of
 * 16 MiB, and fills a mapping where the blocks are cached. {@code Alignment} lays ranges out.
 */
@NullMarked
package io.fastsafetensors.backend.posix.io;

import org.jspecify.annotations.NullMarked;

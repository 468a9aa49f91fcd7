/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated devices and contexts, and the calls that queue copies. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PITCH = 11, INTEGRATED = 18, UNIFIED_ADDRESSING = 41, MAJOR = 75, MINOR = 76 };
enum { HOST_MEMORY = 1 };

/* CUDA_MEMCPY2D and CUDA_MEMCPY3D_PEER as NVIDIA documents them. */
typedef struct side2 {
  size_t x, y;
  int type;
  void *host;
  uint64_t device;
  void *array;
  size_t pitch;
} side2;

typedef struct memcpy2 {
  side2 source, target;
  size_t width, height;
} memcpy2;

typedef struct side3 {
  size_t x, y, z, level;
  int type;
  void *host;
  uint64_t device;
  void *array;
  context *owner;
  size_t pitch, height;
} side3;

typedef struct memcpy3 {
  side3 source, target;
  size_t width, height, depth;
} memcpy3;

static bool initialised;

EXPORT int cuInit(unsigned flags) {
  (void)flags;
  initialised = true;
  return device_count() > 0 ? SUCCESS : NO_DEVICE;
}

EXPORT int cuDriverGetVersion(int *version) {
  *version = 12060;
  return SUCCESS;
}

EXPORT int cuDeviceGetCount(int *devices) {
  *devices = device_count();
  return initialised ? SUCCESS : NOT_INITIALIZED;
}

EXPORT int cuDeviceGet(int *device, int index) {
  *device = index;
  return index >= 0 && index < device_count() ? SUCCESS : INVALID_DEVICE;
}

EXPORT int cuDeviceGetName(char *name, int bytes, int device) {
  snprintf(name, bytes, "Simulated GPU %d", device);
  return SUCCESS;
}

EXPORT int cuDeviceGetPCIBusId(char *bus, int bytes, int device) {
  snprintf(bus, bytes, "0000:%02X:00.0", 0xF0 + device);
  return SUCCESS;
}

EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  switch (attribute) {
    case MAX_PITCH: *value = 0x7fffffff; break;
    case INTEGRATED: *value = is_integrated(); break;
    case UNIFIED_ADDRESSING: *value = 1; break;
    case MAJOR: *value = 5; break;
    default: *value = 0;
  }
  return SUCCESS;
}

EXPORT int cuDevicePrimaryCtxRetain(context **made, int device) {
  if (fails(FAIL_HANDLE)) {
    return OUT_OF_MEMORY;
  }
  context *primary = &contexts[device];
  primary->device = device;
  if (__atomic_fetch_add(&primary->holders, 1, __ATOMIC_SEQ_CST) == 0) {
    count(NULL, LIVE_CONTEXTS, 1);
  }
  *made = primary;
  return SUCCESS;
}

EXPORT int cuDevicePrimaryCtxRelease_v2(int device) {
  context *primary = &contexts[device];
  if (__atomic_sub_fetch(&primary->holders, 1, __ATOMIC_SEQ_CST) == 0) {
    count(NULL, LIVE_CONTEXTS, -1);
    memset(primary->peers, 0, sizeof primary->peers);
    if (primary->live != 0) {
      violation("context of device %d ended with %d things alive", device, primary->live);
    }
  }
  return SUCCESS;
}

EXPORT int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) {
  *flags = 0;
  *active = contexts[device].holders > 0;
  return SUCCESS;
}

EXPORT int cuCtxSetCurrent(context *next) {
  current = next;
  return next == NULL || next->holders > 0 ? SUCCESS : INVALID_CONTEXT;
}

EXPORT int cuCtxGetCurrent(context **now) {
  *now = current;
  return SUCCESS;
}

EXPORT int cuDeviceCanAccessPeer(int *can, int device, int peer) {
  *can = device != peer;
  return SUCCESS;
}

EXPORT int cuCtxEnablePeerAccess(context *peer, unsigned flags) {
  (void)flags;
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  bool before = current->peers[peer->device];
  current->peers[peer->device] = true;
  return before ? PEER_ALREADY : SUCCESS;
}

static int queue_copy(stream *in, rows copy) {
  operation what = {.kind = COPY, .copy = copy};
  return queue(in, what);
}

/* A copy between a context's memory and the host's, or inside it. */
static int queue_own(stream *in, rows copy) {
  int source = device_of(copy.source);
  int target = device_of(copy.target);
  bool own = current != NULL && (source < 0 || source == current->device) &&
             (target < 0 || target == current->device);
  return require_context() != SUCCESS ? INVALID_CONTEXT : own ? queue_copy(in, copy) : INVALID_VALUE;
}

static int queue_line(stream *in, uint64_t source, uint64_t target, size_t bytes) {
  rows copy = {source, bytes, target, bytes, 1, bytes};
  return queue_own(in, copy);
}

EXPORT int cuMemcpyHtoDAsync_v2(uint64_t target, const void *source, size_t bytes, stream *in) {
  return queue_line(in, (uint64_t)source, target, bytes);
}

EXPORT int cuMemcpyDtoHAsync_v2(void *target, uint64_t source, size_t bytes, stream *in) {
  return queue_line(in, source, (uint64_t)target, bytes);
}

EXPORT int cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t bytes, stream *in) {
  return queue_line(in, source, target, bytes);
}

static uint64_t start2(const side2 *side) {
  return (side->type == HOST_MEMORY ? (uint64_t)side->host : side->device) + side->y * side->pitch +
         side->x;
}

EXPORT int cuMemcpy2DAsync_v2(const memcpy2 *what, stream *in) {
  if (what->source.pitch > 0x7fffffff || what->target.pitch > 0x7fffffff ||
      what->width > what->source.pitch || what->width > what->target.pitch) {
    return INVALID_VALUE;
  }
  rows copy = {start2(&what->source), what->source.pitch, start2(&what->target),
               what->target.pitch,    what->height,       what->width};
  return queue_own(in, copy);
}

/* Both contexts must be those of the memory. */
static int queue_peer(stream *in, rows copy, const context *source, const context *target) {
  bool right = source != NULL && target != NULL && source->holders > 0 && target->holders > 0 &&
               device_of(copy.source) == source->device && device_of(copy.target) == target->device;
  return right ? queue_copy(in, copy) : INVALID_VALUE;
}

EXPORT int cuMemcpyPeerAsync(uint64_t target, const context *to, uint64_t source,
                             const context *from, size_t bytes, stream *in) {
  rows copy = {source, bytes, target, bytes, 1, bytes};
  return queue_peer(in, copy, from, to);
}

EXPORT int cuMemcpy3DPeerAsync(const memcpy3 *what, stream *in) {
  rows copy = {what->source.device, what->source.pitch, what->target.device,
               what->target.pitch,  what->height,       what->width};
  return what->depth != 1 ? NOT_SUPPORTED
                          : queue_peer(in, copy, what->source.owner, what->target.owner);
}

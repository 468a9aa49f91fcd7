/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated libcufile over the simulated CUDA driver, for tests of orchestration, lifetimes and
 * errors. It proves nothing of GPUDirect Storage. It reads with pread into the memory behind device
 * addresses, is strict about pages, contexts and registrations, counts what lives, and answers any
 * call with any code, or reads less, on demand. */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, MAX_WINDOWS = 1024 };

enum {
  CUDA_ERROR = 5011, BAD_POINTER = 5012, CONTEXT_MISMATCH = 5015, BAD_VALUE = 5022,
  ALREADY_REGISTERED = 5023, NOT_REGISTERED = 5024, NO_HANDLE = 5027, NOT_OPEN = 5001
};

/* What fails on demand: a call each. */
enum { OPEN, PROPERTIES, HANDLE, REGISTER, DEREGISTER, READ, SHORT_READ, CALLS };

/* What is counted: what lives now, and what has been done. */
enum { LIVE_HANDLES, LIVE_WINDOWS, PEAK_WINDOW_BYTES, OPENS, READS, READ_BYTES, DIRECT_READS, FACTS };

typedef struct error {
  int code, cuda;
} error;

typedef struct description {
  int type;
  union {
    int fd;
    void *handle;
  } file;
  const void *operations;
} description;

typedef struct properties {
  unsigned major, minor;
  size_t poll_threshold, max_direct;
  unsigned targets, control;
  unsigned features, max_cache, buffer_cache, max_pinned, batch, timeout;
} properties;

typedef struct handle {
  int fd;
  bool live;
} handle;

typedef struct window {
  uint64_t address, bytes;
} window;

extern int cuCtxGetCurrent(context **now);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t facts[FACTS];
static _Atomic int64_t until_failure[CALLS], failure_code[CALLS];
static _Atomic int64_t open_nanos;
static _Atomic int64_t nvfs = 2, targets = 1 << 4, features;
static window windows[MAX_WINDOWS];
static int64_t window_bytes;
static _Atomic int64_t violations;
static char last_violation[256];
static atomic_bool open_driver;

static void violate(const char *what, int64_t number) {
  pthread_mutex_lock(&lock);
  snprintf(last_violation, sizeof last_violation, "%s: %ld", what, (long)number);
  violations++;
  pthread_mutex_unlock(&lock);
}

/* The code of the n-th call of a kind since it was told so, once; else 0. */
static int64_t failure(int call) {
  int64_t left = until_failure[call];
  while (left > 0) {
    if (atomic_compare_exchange_weak(&until_failure[call], &left, left - 1)) {
      return left == 1 ? failure_code[call] : 0;
    }
  }
  return 0;
}

static error answer(int64_t code) {
  error result = {(int)code, code == CUDA_ERROR ? 999 : 0};
  return result;
}

static bool has_context(void) {
  context *now = NULL;
  cuCtxGetCurrent(&now);
  return now != NULL;
}

EXPORT error cuFileDriverOpen(void) {
  struct timespec wait = {open_nanos / 1000000000, open_nanos % 1000000000};
  nanosleep(&wait, NULL);
  facts[OPENS]++;
  int64_t code = failure(OPEN);
  open_driver = code == 0;
  return answer(code);
}

EXPORT error cuFileDriverGetProperties(properties *into) {
  memset(into, 0, sizeof *into);
  into->major = (unsigned)nvfs;
  into->minor = nvfs > 0 ? 17 : 0;
  into->targets = (unsigned)targets;
  into->features = (unsigned)features;
  return answer(open_driver ? failure(PROPERTIES) : NOT_OPEN);
}

EXPORT error cuFileGetVersion(int *version) {
  *version = 1130;
  return answer(0);
}

EXPORT error cuFileHandleRegister(handle **made, const description *of) {
  int64_t code = !open_driver ? NOT_OPEN : of->type != 1 ? BAD_VALUE : failure(HANDLE);
  if (code == 0) {
    handle *fresh = calloc(1, sizeof *fresh);
    fresh->fd = of->file.fd;
    fresh->live = true;
    facts[LIVE_HANDLES]++;
    *made = fresh;
  }
  return answer(code);
}

EXPORT void cuFileHandleDeregister(handle *dead) {
  if (!dead->live || fcntl(dead->fd, F_GETFD) < 0) {
    violate("handle of a file that is closed", dead->fd);
  }
  dead->live = false; /* never freed, so that later use is seen */
  facts[LIVE_HANDLES]--;
}

static bool overlaps(const window *known, uint64_t address, uint64_t bytes) {
  return known->bytes != 0 && address < known->address + known->bytes &&
         known->address < address + bytes;
}

EXPORT error cuFileBufRegister(const void *base, size_t bytes, int flags) {
  uint64_t address = (uint64_t)base;
  int64_t code = flags != 0 || bytes == 0       ? BAD_VALUE
                 : !has_context()               ? CONTEXT_MISMATCH
                 : sim_memory(address, bytes) == NULL ? BAD_POINTER
                                                : failure(REGISTER);
  pthread_mutex_lock(&lock);
  window *free_one = NULL;
  for (window *known = windows; known < windows + MAX_WINDOWS; known++) {
    code = code == 0 && overlaps(known, address, bytes) ? ALREADY_REGISTERED : code;
    free_one = known->bytes == 0 ? known : free_one;
  }
  if (code == 0) {
    free_one->address = address;
    free_one->bytes = bytes;
    facts[LIVE_WINDOWS]++;
    window_bytes += bytes;
    facts[PEAK_WINDOW_BYTES] =
        window_bytes > facts[PEAK_WINDOW_BYTES] ? window_bytes : facts[PEAK_WINDOW_BYTES];
  }
  pthread_mutex_unlock(&lock);
  return answer(code);
}

EXPORT error cuFileBufDeregister(const void *base) {
  uint64_t address = (uint64_t)base;
  int64_t code = NOT_REGISTERED;
  pthread_mutex_lock(&lock);
  for (window *known = windows; known < windows + MAX_WINDOWS; known++) {
    if (known->bytes != 0 && known->address == address) {
      code = sim_memory(address, known->bytes) == NULL ? BAD_POINTER : 0;
      window_bytes -= known->bytes;
      known->bytes = 0;
      facts[LIVE_WINDOWS]--;
    }
  }
  pthread_mutex_unlock(&lock);
  if (code != 0) {
    violate("deregistering memory that isn't registered, or is freed", code);
  }
  return answer(code == 0 ? failure(DEREGISTER) : code);
}

/* Whole pages only: real cuFile can do more, but slowly. */
static int64_t refusal(const handle *from, uint64_t address, size_t bytes, off_t at) {
  if (!from->live) {
    return NO_HANDLE;
  }
  if (!has_context()) {
    return CONTEXT_MISMATCH;
  }
  if ((bytes | (uint64_t)at | address) % PAGE != 0) {
    violate("a read that is off pages", at);
  }
  return sim_memory(address, bytes) == NULL || sim_memory(address, bytes) == (void *)address
             ? BAD_POINTER
             : failure(READ);
}

EXPORT ssize_t cuFileRead(handle *from, void *base, size_t bytes, off_t at, off_t into) {
  uint64_t address = (uint64_t)base + (uint64_t)into;
  int64_t code = refusal(from, address, bytes, at);
  if (code >= 5000) {
    return -code;
  }
  if (code > 0) {
    errno = (int)code;
    return -1;
  }
  size_t wanted = failure(SHORT_READ) != 0 ? bytes - 1 : bytes;
  char *bounce = aligned_alloc(PAGE, bytes); /* direct reads want aligned memory */
  ssize_t count = pread(from->fd, bounce, bytes, at);
  if (count > 0) {
    count = (size_t)count < wanted ? count : (ssize_t)wanted;
    memcpy(sim_memory(address, bytes), bounce, count);
    facts[READ_BYTES] += count;
  }
  free(bounce);
  facts[READS]++;
  facts[DIRECT_READS] += (fcntl(from->fd, F_GETFL) & O_DIRECT) != 0;
  return count;
}

/* --- what tests call --- */

EXPORT int64_t sim_cufile_fact(int64_t which) { return facts[which]; }

EXPORT int64_t sim_cufile_fail(int64_t call, int64_t nth, int64_t code) {
  failure_code[call] = code;
  until_failure[call] = nth;
  return 0;
}

EXPORT int64_t sim_cufile_until_failure(int64_t call) { return until_failure[call]; }

EXPORT int64_t sim_cufile_slow_open(int64_t nanos) { return open_nanos = nanos; }

EXPORT int64_t sim_cufile_driver(int64_t version, int64_t kinds, int64_t flags) {
  nvfs = version;
  targets = kinds;
  features = flags;
  return 0;
}

EXPORT int64_t sim_cufile_violations(void) { return violations; }

/* Forgets what was counted but not what lives. */
EXPORT int64_t sim_cufile_reset(void) {
  for (int call = 0; call < CALLS; call++) {
    until_failure[call] = 0;
  }
  for (int fact = PEAK_WINDOW_BYTES; fact < FACTS; fact++) {
    facts[fact] = 0;
  }
  open_nanos = 0;
  return sim_cufile_driver(2, 1 << 4, 0);
}

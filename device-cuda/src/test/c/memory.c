/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated memory of devices: host memory behind addresses that the host can't read. */
#include "sim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Far from where Linux puts anything: whoever takes an address for one of the host's crashes. */
static const uint64_t BASE = 0x200000000000ULL;
static const uint64_t PER_DEVICE = 0x10000000000ULL;
static const uint64_t GRAIN = 256;
static const size_t MOST_FILLED = 256 << 20;
static const size_t LARGE = 2 << 20;

typedef struct block {
  uint64_t address, bytes;
  uint64_t shift; /* of the memory in its mapping */
  bool registered; /* the caller's own memory */
  char *memory;
  context *owner;
  bool pinned;
  struct block *next;
} block;

static block *blocks;
static uint64_t next_offset[MAX_DEVICES];
static uint64_t used[MAX_DEVICES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t total(void) {
  const char *text = getenv("FST_SIM_MEMORY");
  return text == NULL ? 8ULL << 30 : strtoull(text, NULL, 10);
}

static char *map(uint64_t bytes) {
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return NULL;
  }
  memset(memory, 0xDB, bytes < MOST_FILLED ? bytes : MOST_FILLED); /* nobody may take it for 0 */
  return memory;
}

static block *note(char *memory, uint64_t bytes, bool pinned) {
  block *made = calloc(1, sizeof *made);
  made->memory = memory;
  made->bytes = bytes;
  made->owner = current;
  made->pinned = pinned;
  made->next = blocks;
  blocks = made;
  count(current, pinned ? LIVE_PINNED : LIVE_MEMORY, 1);
  return made;
}

/* Small pinned memory is aligned to no more than 512 bytes, as real drivers have it. */
static block *add(uint64_t bytes, bool pinned) {
  uint64_t shift = pinned && bytes < LARGE ? 512 : 0;
  char *memory = map(bytes + shift);
  if (memory == NULL) {
    return NULL;
  }
  block *made = note(memory + shift, bytes, pinned);
  made->shift = shift;
  return made;
}

static block *find(uint64_t address) {
  block *found = blocks;
  while (found != NULL && (address < found->address || address - found->address >= found->bytes)) {
    found = found->next;
  }
  return found;
}

static bool is_device(uint64_t address) {
  return address >= BASE && address < BASE + MAX_DEVICES * PER_DEVICE;
}

/* Returns the host's memory behind memory of a device, or pinned memory; NULL if there is none. */
void *seen_by_kernels(uint64_t address, uint64_t bytes) {
  pthread_mutex_lock(&lock);
  block *found = find(address);
  uint64_t from = found == NULL ? 0 : address - found->address;
  void *memory = found == NULL || bytes > found->bytes - from ? NULL : found->memory + from;
  pthread_mutex_unlock(&lock);
  return memory;
}

/* Returns the same, or the host's own memory. */
EXPORT void *sim_memory(uint64_t address, uint64_t bytes) {
  return is_device(address) ? seen_by_kernels(address, bytes) : (void *)address;
}

/* Returns whose memory it is; -1 for the host's. */
int device_of(uint64_t address) {
  return is_device(address) ? (int)((address - BASE) / PER_DEVICE) : -1;
}

static uint64_t span(uint64_t pitch, const rows *copy) {
  return (copy->count - 1) * pitch + copy->bytes;
}

int copy_rows(const rows *copy) {
  const char *source = sim_memory(copy->source, span(copy->source_pitch, copy));
  char *target = sim_memory(copy->target, span(copy->target_pitch, copy));
  if (source == NULL || target == NULL) {
    violation("copy of memory that is free: 0x%lx to 0x%lx", copy->source, copy->target);
    return ILLEGAL_ADDRESS;
  }
  for (uint64_t row = 0; row < copy->count; row++) {
    memcpy(target + row * copy->target_pitch, source + row * copy->source_pitch, copy->bytes);
  }
  return SUCCESS;
}

EXPORT int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  int device = current->device;
  pthread_mutex_lock(&lock);
  if (bytes == 0 || bytes > total() - used[device] || fails(FAIL_ALLOCATION)) {
    pthread_mutex_unlock(&lock);
    return bytes == 0 ? INVALID_VALUE : OUT_OF_MEMORY;
  }
  block *made = add(bytes, false);
  if (made == NULL) {
    pthread_mutex_unlock(&lock);
    return OUT_OF_MEMORY;
  }
  /* Never aligned better than promised. */
  made->address = BASE + device * PER_DEVICE + next_offset[device] + GRAIN;
  next_offset[device] += (bytes + 4 * GRAIN) / (2 * GRAIN) * (2 * GRAIN);
  used[device] += bytes;
  *address = made->address;
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}

static int drop(uint64_t address, bool pinned, bool registered) {
  pthread_mutex_lock(&lock);
  block **link = &blocks;
  while (*link != NULL && (*link)->address != address) {
    link = &(*link)->next;
  }
  block *dead = *link;
  if (dead == NULL || dead->pinned != pinned || dead->registered != registered) {
    pthread_mutex_unlock(&lock);
    violation("free of memory that isn't there: 0x%lx", address);
    return INVALID_VALUE;
  }
  *link = dead->next;
  if (!pinned) {
    used[dead->owner->device] -= dead->bytes;
  }
  count(dead->owner, pinned ? LIVE_PINNED : LIVE_MEMORY, -1);
  if (!dead->registered) {
    munmap(dead->memory - dead->shift, dead->bytes + dead->shift);
  }
  free(dead);
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}

EXPORT int cuMemFree_v2(uint64_t address) {
  return require_context() != SUCCESS ? INVALID_CONTEXT : drop(address, false, false);
}

EXPORT int cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) {
  (void)flags;
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  pthread_mutex_lock(&lock);
  bool refused = bytes == 0 || fails(FAIL_ALLOCATION);
  block *made = refused ? NULL : add(bytes, true);
  if (made == NULL) {
    pthread_mutex_unlock(&lock);
    return OUT_OF_MEMORY;
  }
  made->address = (uint64_t)made->memory;
  *memory = made->memory;
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}

EXPORT int cuMemHostRegister_v2(void *memory, size_t bytes, unsigned flags) {
  (void)flags;
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  pthread_mutex_lock(&lock);
  bool known = find((uint64_t)memory) != NULL;
  bool refused = bytes == 0 || known || fails(FAIL_ALLOCATION);
  if (!refused) {
    block *made = note(memory, bytes, true);
    made->address = (uint64_t)memory;
    made->registered = true;
  }
  pthread_mutex_unlock(&lock);
  return refused ? OUT_OF_MEMORY : SUCCESS;
}

EXPORT int cuMemHostUnregister(void *memory) {
  return require_context() != SUCCESS ? INVALID_CONTEXT : drop((uint64_t)memory, true, true);
}

EXPORT int cuMemFreeHost(void *memory) {
  return require_context() != SUCCESS ? INVALID_CONTEXT : drop((uint64_t)memory, true, false);
}

EXPORT int cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes) {
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  pthread_mutex_lock(&lock);
  *total_bytes = total();
  *free_bytes = total() - used[current->device];
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}

EXPORT int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  (void)device;
  *bytes = total();
  return SUCCESS;
}

EXPORT int cuMemcpyHtoD_v2(uint64_t target, const void *source, size_t bytes) {
  rows copy = {(uint64_t)source, bytes, target, bytes, 1, bytes};
  return require_context() != SUCCESS ? INVALID_CONTEXT
         : fails(FAIL_CALL)           ? UNKNOWN
                                      : copy_rows(&copy);
}

EXPORT int cuMemcpyDtoH_v2(void *target, uint64_t source, size_t bytes) {
  rows copy = {source, bytes, (uint64_t)target, bytes, 1, bytes};
  return require_context() != SUCCESS ? INVALID_CONTEXT
         : fails(FAIL_CALL)           ? UNKNOWN
                                      : copy_rows(&copy);
}

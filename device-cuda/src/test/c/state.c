/* SPDX-License-Identifier: Apache-2.0 */
/* What all of the simulated driver shares: devices, contexts, counters and switches. */
#include "sim.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

context contexts[MAX_DEVICES];
_Thread_local context *current;

static _Atomic int64_t live[LIVE_KINDS];
static _Atomic int64_t until_failure[FAIL_KINDS];
static _Atomic int64_t late_nanos = 20 * 1000 * 1000;
static atomic_bool stalled;
static atomic_bool integrated;
static _Atomic int64_t uses[FAIL_KINDS];
static _Atomic int64_t violations;
static char last_violation[512];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t setting(const char *name, int64_t otherwise) {
  const char *text = getenv(name);
  return text == NULL ? otherwise : atoll(text);
}

int device_count(void) { return (int)setting("FST_SIM_DEVICES", 4); }

int64_t now_nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int64_t delay_nanos(void) { return late_nanos; }

bool is_stalled(void) { return stalled; }

/* Whether devices have no memory of their own, but use the host's. */
bool is_integrated(void) { return integrated || setting("FST_SIM_INTEGRATED", 0) != 0; }

int require_context(void) {
  return current == NULL || current->holders == 0 ? INVALID_CONTEXT : SUCCESS;
}

void count(context *owner, int kind, int by) {
  live[kind] += by;
  if (owner != NULL) {
    __atomic_add_fetch(&owner->live, by, __ATOMIC_SEQ_CST);
  }
}

/* True for the n-th use since it was told so, once. */
bool fails(int kind) {
  uses[kind]++;
  int64_t left = until_failure[kind];
  while (left > 0) {
    if (atomic_compare_exchange_weak(&until_failure[kind], &left, left - 1)) {
      return left == 1;
    }
  }
  return false;
}

void violation(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  pthread_mutex_lock(&lock);
  vsnprintf(last_violation, sizeof last_violation, format, arguments);
  violations++;
  pthread_mutex_unlock(&lock);
  va_end(arguments);
}

/* --- what tests call --- */

EXPORT int64_t sim_live(int kind) { return live[kind]; }

EXPORT void sim_fail(int kind, int64_t nth) { until_failure[kind] = nth; }

/* How many uses are left until the failure: 0 once it has happened. */
EXPORT int64_t sim_until_failure(int kind) { return until_failure[kind]; }

/* How many uses there were. */
EXPORT int64_t sim_uses(int kind) { return uses[kind]; }

EXPORT void sim_integrated(int yes) { integrated = yes != 0; }

EXPORT void sim_delay(int64_t nanos) { late_nanos = nanos; }

EXPORT void sim_stall(int still) { stalled = still != 0; }

EXPORT int64_t sim_violations(void) { return violations; }

EXPORT const char *sim_last_violation(void) { return last_violation; }

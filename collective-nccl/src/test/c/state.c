/* SPDX-License-Identifier: Apache-2.0 */
/* What all of the simulated NCCL shares: faults on demand and counters. */
#include "simnccl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { MOST_FAULTS = 16 };

/* The n-th call of a name fails with a result, or hangs if that is 0. */
typedef struct ordered {
  char call[64];
  int64_t nth;
  int result;
} ordered;

static ordered faults[MOST_FAULTS];
static atomic_bool let_go;
static atomic_llong communicators;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void pause_briefly(void) {
  struct timespec time = {.tv_nsec = 1000 * 1000};
  nanosleep(&time, NULL);
}

void count_communicators(int by) { communicators += by; }

/* --- what tests call --- */

EXPORT int64_t sim_nccl_live(void) { return communicators; }

/* Result 0 means that the call hangs until its communicator is aborted, or sim_nccl_reset. */
EXPORT void sim_nccl_fault(const char *call, int64_t nth, int result) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < MOST_FAULTS; i++) {
    if (faults[i].nth == 0) {
      snprintf(faults[i].call, sizeof faults[i].call, "%s", call);
      faults[i].result = result;
      faults[i].nth = nth;
      break;
    }
  }
  let_go = false;
  pthread_mutex_unlock(&lock);
}

/* Forgets all faults, and lets go what hangs. */
EXPORT void sim_nccl_reset(void) {
  pthread_mutex_lock(&lock);
  memset(faults, 0, sizeof faults);
  let_go = true;
  pthread_mutex_unlock(&lock);
}

/* For processes: FST_SIM_NCCL_FAULT is CALL:NTH:RESULT. */
__attribute__((constructor)) static void from_environment(void) {
  const char *text = getenv("FST_SIM_NCCL_FAULT");
  char call[64];
  long nth;
  int result;
  if (text != NULL && sscanf(text, "%63[^:]:%ld:%d", call, &nth, &result) == 3) {
    sim_nccl_fault(call, nth, result);
  }
}

static bool is_due(const char *call, int *result) {
  bool due = false;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < MOST_FAULTS && !due; i++) {
    if (faults[i].nth > 0 && strcmp(faults[i].call, call) == 0 && --faults[i].nth == 0) {
      *result = faults[i].result;
      due = true;
    }
  }
  pthread_mutex_unlock(&lock);
  return due;
}

/* Returns what a call has to fail with, after it has hung if it has to; else SUCCESS. */
int fault(const char *call, comm *of) {
  int result = SUCCESS;
  if (!is_due(call, &result) || result != SUCCESS) {
    return result;
  }
  while (!let_go && !(of != NULL && of->aborted)) {
    pause_briefly();
  }
  return SYSTEM_ERROR;
}

/* --- calls without a communicator --- */

EXPORT int ncclGetVersion(int *version) {
  *version = 23007;
  return SUCCESS;
}

EXPORT int ncclGetUniqueId(unique_id *id) {
  uint64_t random[2];
  if (getrandom(random, sizeof random, 0) != sizeof random) {
    return SYSTEM_ERROR;
  }
  memset(id, 0, sizeof *id);
  snprintf(id->text, sizeof id->text, "%016lx%016lx", random[0], random[1]);
  return fault("ncclGetUniqueId", NULL);
}

EXPORT const char *ncclGetErrorString(int code) {
  static const char *const TEXTS[] = {
      "no error", "unhandled cuda error", "unhandled system error", "internal error",
      "invalid argument", "invalid usage", "remote process exited or there was a network error",
      "NCCL operation in progress"};
  return code >= 0 && code <= IN_PROGRESS ? TEXTS[code] : "unknown result code";
}

EXPORT const char *ncclGetLastError(const comm *of) {
  (void)of;
  return "";
}

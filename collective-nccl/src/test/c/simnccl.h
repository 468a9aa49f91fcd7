/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated NCCL over Unix sockets, for tests of orchestration, lifetimes and errors. It proves
 * nothing of a GPU. Ranks are threads or processes. Its operations run on the streams of the
 * simulated driver. What it does on purpose: calls take effect later, on a thread of its own, and
 * another call before that is refused; where NCCL was told to put a communicator, it writes again
 * once that stands; an operation whose peer is gone never ends until the communicator is aborted;
 * the n-th call fails or hangs on demand; communicators are counted. */
#ifndef SIMNCCL_H
#define SIMNCCL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX_RANKS 64

/* NCCL's results. */
enum {
  SUCCESS = 0, CUDA_ERROR = 1, SYSTEM_ERROR = 2, INTERNAL_ERROR = 3, INVALID_ARGUMENT = 4,
  INVALID_USAGE = 5, REMOTE_ERROR = 6, IN_PROGRESS = 7
};

typedef struct unique_id {
  char text[128];
} unique_id;

/* As NCCL 2.14 has it; later fields are not looked at. */
typedef struct config {
  size_t size;
  unsigned magic, version;
  int blocking;
} config;

typedef struct transfer {
  enum { SEND, RECEIVE } kind;
  int peer;
  uint64_t address, bytes, moved;
  size_t header;
  uint64_t told;
} transfer;

typedef struct comm comm;

/* What one group of calls asks of a communicator. */
typedef struct work {
  comm *of;
  void *stream;
  int count;
  transfer transfers[2 * MAX_RANKS];
  struct work *next;
} work;

struct comm {
  char id[sizeof(unique_id)];
  int rank, size, listener;
  int sockets[MAX_RANKS];
  void *context;
  comm **user;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  work *pending;
  bool finalizing;
  atomic_int state, holders, running;
  atomic_bool aborted;
};

/* The simulated driver. */
int cuCtxGetCurrent(void **context);
int cuCtxSetCurrent(void *context);
int cuLaunchHostFunc(void *stream, void (*call)(void *), void *argument);
void *sim_memory(uint64_t address, uint64_t bytes);

/* state.c */
int fault(const char *call, comm *of);
void count_communicators(int by);
void pause_briefly(void);

/* comm.c */
void release(comm *of);
int submit(work *what);

/* work.c */
void carry_out(void *what);

#endif

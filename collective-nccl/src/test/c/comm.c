/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated communicators: every pair of ranks has a socket. */
#define _GNU_SOURCE
#include "simnccl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const unsigned MAGIC = 0xcafebeef;

/* An address without a file: it ends with its socket. */
static socklen_t name(struct sockaddr_un *address, const comm *of, int rank) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "fst-nccl-%s-%d",
                        of->id, rank);
  return offsetof(struct sockaddr_un, sun_path) + 1 + length;
}

static bool start_listening(comm *of) {
  struct sockaddr_un address;
  socklen_t length = name(&address, of, of->rank);
  of->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return of->listener >= 0 && bind(of->listener, (struct sockaddr *)&address, length) == 0 &&
         listen(of->listener, MAX_RANKS) == 0;
}

static bool connect_to(comm *of, int rank) {
  struct sockaddr_un address;
  socklen_t length = name(&address, of, rank);
  while (!of->aborted) {
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made >= 0 && connect(made, (struct sockaddr *)&address, length) == 0 &&
        send(made, &of->rank, sizeof of->rank, MSG_NOSIGNAL) == sizeof of->rank) {
      of->sockets[rank] = made;
      return true;
    }
    close(made);
    pause_briefly();
  }
  return false;
}

static bool accept_one(comm *of) {
  while (!of->aborted) {
    int made = accept4(of->listener, NULL, NULL, SOCK_CLOEXEC);
    int rank;
    if (made >= 0 && recv(made, &rank, sizeof rank, MSG_WAITALL) == sizeof rank) {
      of->sockets[rank] = made;
      return true;
    }
    pause_briefly();
  }
  return false;
}

static bool connect_all(comm *of) {
  bool all = true;
  for (int rank = 0; all && rank < of->rank; rank++) {
    all = connect_to(of, rank);
  }
  for (int more = of->rank + 1; all && more < of->size; more++) {
    all = accept_one(of);
  }
  return all;
}

/* Puts work on its stream, a little after it was asked for. */
static void launch(comm *of, work *what) {
  pause_briefly();
  fault("launch", of); /* to be later still */
  cuCtxSetCurrent(of->context);
  if (of->aborted || cuLaunchHostFunc(what->stream, carry_out, what) != 0) {
    release(of);
    free(what);
    of->state = CUDA_ERROR;
  } else {
    of->state = SUCCESS;
  }
}

static work *next(comm *of) {
  pthread_mutex_lock(&of->lock);
  while (of->pending == NULL && !of->finalizing && !of->aborted) {
    pthread_cond_wait(&of->changed, &of->lock);
  }
  work *what = of->pending;
  of->pending = NULL;
  pthread_mutex_unlock(&of->lock);
  return what;
}

static void *serve(void *argument) {
  comm *of = argument;
  if (connect_all(of)) {
    *of->user = of;
    of->state = SUCCESS;
  }
  for (work *what = next(of); what != NULL; what = next(of)) {
    launch(of, what);
  }
  if (of->finalizing) {
    pause_briefly();
    of->state = SUCCESS;
  }
  return NULL;
}

/* Gives work to the communicator's thread. */
int submit(work *what) {
  comm *of = what->of;
  pthread_mutex_lock(&of->lock);
  of->holders++;
  of->state = IN_PROGRESS;
  of->pending = what;
  pthread_cond_broadcast(&of->changed);
  pthread_mutex_unlock(&of->lock);
  return IN_PROGRESS;
}

/* Frees it with the last holder: work on a stream may come to it late. */
void release(comm *of) {
  if (atomic_fetch_sub(&of->holders, 1) > 1) {
    return;
  }
  close(of->listener);
  for (int rank = 0; rank < of->size; rank++) {
    if (of->sockets[rank] >= 0) {
      close(of->sockets[rank]);
    }
  }
  free(of);
}

EXPORT int ncclCommInitRankConfig(comm **made, int size, unique_id id, int rank,
                                  const config *how) {
  void *context = NULL;
  int failure = fault("ncclCommInitRankConfig", NULL);
  if (failure != SUCCESS) {
    return failure;
  }
  if (how->magic != MAGIC || how->size < sizeof *how || how->blocking != 0 || size > MAX_RANKS ||
      rank < 0 || rank >= size) {
    return INVALID_ARGUMENT;
  }
  if (cuCtxGetCurrent(&context) != 0 || context == NULL) {
    return CUDA_ERROR;
  }
  comm *of = calloc(1, sizeof *of);
  memcpy(of->id, id.text, sizeof of->id);
  of->rank = rank;
  of->size = size;
  of->context = context;
  of->user = made;
  of->state = IN_PROGRESS;
  of->holders = 1;
  memset(of->sockets, -1, sizeof of->sockets);
  pthread_mutex_init(&of->lock, NULL);
  pthread_cond_init(&of->changed, NULL);
  if (!start_listening(of)) {
    release(of);
    return SYSTEM_ERROR;
  }
  *made = of;
  count_communicators(1);
  pthread_create(&of->thread, NULL, serve, of);
  return IN_PROGRESS;
}

EXPORT int ncclCommGetAsyncError(comm *of, int *state) {
  *state = of->state;
  return fault("ncclCommGetAsyncError", of);
}

EXPORT int ncclCommFinalize(comm *of) {
  int failure = fault("ncclCommFinalize", of);
  if (failure != SUCCESS || of->state != SUCCESS) {
    return failure != SUCCESS ? failure : INVALID_ARGUMENT;
  }
  pthread_mutex_lock(&of->lock);
  of->state = IN_PROGRESS;
  of->finalizing = true;
  pthread_cond_broadcast(&of->changed);
  pthread_mutex_unlock(&of->lock);
  return IN_PROGRESS;
}

static int end(comm *of) {
  pthread_mutex_lock(&of->lock);
  of->aborted = true;
  pthread_cond_broadcast(&of->changed);
  pthread_mutex_unlock(&of->lock);
  pthread_join(of->thread, NULL);
  while (of->running > 0) {
    pause_briefly();
  }
  count_communicators(-1);
  release(of);
  return SUCCESS;
}

EXPORT int ncclCommDestroy(comm *of) {
  int failure = fault("ncclCommDestroy", of);
  return failure != SUCCESS ? failure : end(of);
}

EXPORT int ncclCommAbort(comm *of) {
  of->aborted = true; /* what hangs ends now, also on another thread */
  fault("ncclCommAbort", NULL);
  return end(of);
}

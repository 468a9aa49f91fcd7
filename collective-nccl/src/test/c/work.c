/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated operations: bytes through sockets, on a thread of the simulated driver. */
#include "simnccl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { LOOK_MILLIS = 5 };

static _Thread_local int depth;
static _Thread_local work *gathered;

/* Moves some bytes of a header or a body; false if the peer is gone. */
static bool move_some(int socket, bool sending, char *from, uint64_t bytes, uint64_t *moved) {
  ssize_t some = sending ? send(socket, from, bytes, MSG_DONTWAIT | MSG_NOSIGNAL)
                         : recv(socket, from, bytes, MSG_DONTWAIT);
  if (some > 0) {
    *moved += some;
  }
  return some > 0 || (some < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

static bool is_done(const transfer *what) {
  return what->header == sizeof what->told && what->moved == what->bytes;
}

/* False if it never ends: the peer is gone, sends another size, or the memory is free. */
static bool go_on(const comm *of, transfer *what) {
  int socket = of->sockets[what->peer];
  bool sending = what->kind == SEND;
  uint64_t header = what->header;
  if (header < sizeof what->told) {
    bool there = move_some(socket, sending, (char *)&what->told + header,
                           sizeof what->told - header, &header);
    what->header = header;
    return there;
  }
  char *memory = sim_memory(what->address, what->bytes);
  return memory != NULL && what->told == what->bytes &&
         move_some(socket, sending, memory + what->moved, what->bytes - what->moved, &what->moved);
}

/* Between two ranks one after the other. */
static bool is_next(const work *all, int index) {
  const transfer *what = &all->transfers[index];
  for (int i = 0; i < index; i++) {
    const transfer *before = &all->transfers[i];
    if (before->kind == what->kind && before->peer == what->peer && !is_done(before)) {
      return false;
    }
  }
  return !is_done(what);
}

static int go_on_all(work *all, struct pollfd *open, bool *stuck) {
  int count = 0;
  for (int i = 0; i < all->count; i++) {
    transfer *what = &all->transfers[i];
    if (is_next(all, i)) {
      *stuck |= !go_on(all->of, what);
      if (!is_done(what)) {
        open[count].fd = all->of->sockets[what->peer];
        open[count++].events = what->kind == SEND ? POLLOUT : POLLIN;
      }
    }
  }
  return count;
}

static void transfer_all(work *all) {
  struct pollfd open[2 * MAX_RANKS];
  bool stuck = fault("operation", all->of) != SUCCESS;
  if (stuck) {
    all->of->state = CUDA_ERROR;
  }
  while (!all->of->aborted) {
    int left = stuck ? 1 : go_on_all(all, open, &stuck);
    if (left == 0) {
      return;
    }
    if (stuck) {
      pause_briefly(); /* as a kernel does that waits for another GPU */
    } else {
      poll(open, left, LOOK_MILLIS);
    }
  }
}

void carry_out(void *argument) {
  work *what = argument;
  what->of->running++;
  transfer_all(what);
  what->of->running--;
  release(what->of);
  free(what);
}

static int require(comm *of, uint64_t address, uint64_t bytes, int type) {
  bool right = of->state == SUCCESS && type == 1 && sim_memory(address, bytes) != NULL;
  return right ? SUCCESS : INVALID_ARGUMENT;
}

static void add(int kind, uint64_t address, uint64_t bytes, int peer) {
  transfer what = {.kind = kind, .peer = peer, .address = address, .bytes = bytes};
  what.told = kind == SEND ? bytes : 0;
  gathered->transfers[gathered->count++] = what;
}

static int flush(void) {
  work *what = gathered;
  gathered = NULL;
  return what == NULL ? SUCCESS : submit(what);
}

/* Starts a call; a failure is returned at once. */
static int begin(const char *call, comm *of, uint64_t address, uint64_t bytes, int type,
                 void *stream) {
  int failure = fault(call, of);
  failure = failure != SUCCESS ? failure : require(of, address, bytes, type);
  if (failure == SUCCESS && gathered == NULL) {
    gathered = calloc(1, sizeof *gathered);
    gathered->of = of;
    gathered->stream = stream;
  }
  return failure;
}

static int finish(void) { return depth == 0 ? flush() : SUCCESS; }

EXPORT int ncclSend(uint64_t address, size_t bytes, int type, int peer, comm *of, void *stream) {
  int failure = begin("ncclSend", of, address, bytes, type, stream);
  if (failure != SUCCESS) {
    return failure;
  }
  add(SEND, address, bytes, peer);
  return finish();
}

EXPORT int ncclRecv(uint64_t address, size_t bytes, int type, int peer, comm *of, void *stream) {
  int failure = begin("ncclRecv", of, address, bytes, type, stream);
  if (failure != SUCCESS) {
    return failure;
  }
  add(RECEIVE, address, bytes, peer);
  return finish();
}

EXPORT int ncclBroadcast(uint64_t source, uint64_t target, size_t bytes, int type, int root,
                         comm *of, void *stream) {
  int failure = begin("ncclBroadcast", of, target, bytes, type, stream);
  if (failure != SUCCESS) {
    return failure;
  }
  for (int peer = 0; of->rank == root && peer < of->size; peer++) {
    if (peer != root) {
      add(SEND, source, bytes, peer);
    }
  }
  if (of->rank != root) {
    add(RECEIVE, target, bytes, root);
  }
  return finish();
}

EXPORT int ncclGroupStart(void) {
  depth++;
  return fault("ncclGroupStart", NULL);
}

EXPORT int ncclGroupEnd(void) {
  depth--;
  int failure = fault("ncclGroupEnd", gathered == NULL ? NULL : gathered->of);
  int result = depth == 0 ? flush() : SUCCESS;
  return failure != SUCCESS ? failure : result;
}

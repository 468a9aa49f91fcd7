/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated CUDA driver over host memory, for tests of orchestration, lifetimes and errors. It
 * proves nothing of a GPU. What it does on purpose: device addresses are no host addresses; what
 * is queued runs late, on a thread of the stream's own; a thread without a current context fails;
 * the n-th allocation, call or operation fails on demand; what lives is counted. */
#ifndef SIM_H
#define SIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX_DEVICES 8

/* The results that the simulation gives: CUDA's numbers. */
enum {
  SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100,
  INVALID_DEVICE = 101, INVALID_CONTEXT = 201, INVALID_HANDLE = 400, NOT_FOUND = 500,
  NOT_READY = 600, ILLEGAL_ADDRESS = 700, PEER_ALREADY = 704, MISALIGNED = 716,
  NOT_SUPPORTED = 801, UNKNOWN = 999
};

/* What is counted while it lives. */
enum { LIVE_MEMORY, LIVE_PINNED, LIVE_STREAMS, LIVE_EVENTS, LIVE_CONTEXTS, LIVE_MODULES, LIVE_KINDS };

/* What fails on demand. */
enum { FAIL_ALLOCATION, FAIL_CALL, FAIL_OPERATION, FAIL_HANDLE, FAIL_KINDS };

typedef struct context {
  int device;
  int holders;
  int live;
  bool peers[MAX_DEVICES];
} context;

typedef struct stream stream;

typedef struct event {
  context *owner;
  stream *in;
  uint64_t after;
} event;

typedef struct rows {
  uint64_t source, source_pitch, target, target_pitch, count, bytes;
} rows;

typedef struct function function;

/* What a stream has to do: copy rows, run a function, wait for an event of another stream, or call
 * the host. */
typedef struct operation {
  enum { COPY, RUN, WAIT, CALL } kind;
  rows copy;
  function *what;
  uint64_t arguments[3];
  stream *other;
  uint64_t after;
  void (*call)(void *);
  void *argument;
  int64_t queued_at;
  struct operation *next;
} operation;

/* state.c */
extern context contexts[MAX_DEVICES];
extern _Thread_local context *current;
int device_count(void);
int require_context(void);
void count(context *owner, int kind, int by);
bool fails(int kind);
void violation(const char *format, ...);
int64_t now_nanos(void);
int64_t delay_nanos(void);
bool is_stalled(void);
bool is_integrated(void);

/* memory.c */
EXPORT void *sim_memory(uint64_t address, uint64_t bytes);
void *seen_by_kernels(uint64_t address, uint64_t bytes);
int device_of(uint64_t address);
int copy_rows(const rows *copy);

/* stream.c */
int queue(stream *in, operation what);
bool stream_is_of(stream *in, context *owner);

/* kernel.c */
int run_function(const function *what, const uint64_t arguments[3]);

#endif

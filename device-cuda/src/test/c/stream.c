/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated streams and events: each stream's work is done late, on a thread of its own. */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

struct stream {
  context *owner;
  pthread_t worker;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  operation *first, *last;
  uint64_t added, done, wanted, failed_at;
  int failure;
  bool closing;
};

bool stream_is_of(stream *in, context *owner) { return in != NULL && in->owner == owner; }

static void *work(void *argument);

static void pause_briefly(stream *in) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 500 * 1000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  pthread_cond_timedwait(&in->changed, &in->lock, &until);
}

/* Has the first operations done soon, and tells whether they are. The stream is locked. */
static bool want(stream *in, uint64_t first) {
  if (in->wanted < first) {
    in->wanted = first;
    pthread_cond_broadcast(&in->changed);
  }
  return in->done >= first;
}

static int result(stream *in, uint64_t first) {
  return in->failed_at != 0 && in->failed_at <= first ? in->failure : SUCCESS;
}

/* Waits, or only looks. */
static int ask(stream *in, uint64_t first, bool wait) {
  pthread_mutex_lock(&in->lock);
  bool done = want(in, first);
  while (wait && !done) {
    pthread_cond_wait(&in->changed, &in->lock);
    done = in->done >= first;
  }
  int answer = done ? result(in, first) : NOT_READY;
  pthread_mutex_unlock(&in->lock);
  return answer;
}

static bool is_due(stream *in) {
  bool old = now_nanos() - in->first->queued_at >= delay_nanos();
  return in->closing || (!is_stalled() && (old || in->done < in->wanted));
}

/* Returns what to do next; NULL at the end. The stream is locked. */
static operation *take(stream *in) {
  while (in->first != NULL || !in->closing) {
    if (in->first == NULL) {
      pthread_cond_wait(&in->changed, &in->lock);
    } else if (!is_due(in)) {
      pause_briefly(in);
    } else {
      operation *next = in->first;
      in->first = next->next;
      return next;
    }
  }
  return NULL;
}

static int carry_out(const operation *what) {
  switch (what->kind) {
    case COPY:
      return fails(FAIL_OPERATION) ? ILLEGAL_ADDRESS : copy_rows(&what->copy);
    case RUN:
      return fails(FAIL_OPERATION) ? ILLEGAL_ADDRESS
                                   : run_function(what->what, what->arguments);
    case CALL:
      what->call(what->argument);
      return SUCCESS;
    default:
      ask(what->other, what->after, true);
      return SUCCESS;
  }
}

static void *work(void *argument) {
  stream *in = argument;
  pthread_mutex_lock(&in->lock);
  for (operation *next = take(in); next != NULL; next = take(in)) {
    bool broken = in->failed_at != 0;
    pthread_mutex_unlock(&in->lock);
    int failure = broken && next->kind != CALL ? SUCCESS : carry_out(next);
    free(next);
    pthread_mutex_lock(&in->lock);
    in->done++;
    if (failure != SUCCESS) {
      in->failed_at = in->done;
      in->failure = failure;
    }
    pthread_cond_broadcast(&in->changed);
  }
  pthread_mutex_unlock(&in->lock);
  return NULL;
}

int queue(stream *in, operation what) {
  if (require_context() != SUCCESS || !stream_is_of(in, current)) {
    return INVALID_CONTEXT;
  }
  if (what.kind != WAIT && fails(FAIL_CALL)) {
    return UNKNOWN;
  }
  operation *copy = malloc(sizeof *copy);
  *copy = what;
  copy->queued_at = now_nanos();
  copy->next = NULL;
  pthread_mutex_lock(&in->lock);
  if (in->first == NULL) {
    in->first = copy;
  } else {
    in->last->next = copy;
  }
  in->last = copy;
  in->added++;
  pthread_cond_broadcast(&in->changed);
  pthread_mutex_unlock(&in->lock);
  return SUCCESS;
}

EXPORT int cuStreamCreate(stream **made, unsigned flags) {
  (void)flags;
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  if (fails(FAIL_HANDLE)) {
    return OUT_OF_MEMORY;
  }
  stream *in = calloc(1, sizeof *in);
  in->owner = current;
  pthread_mutex_init(&in->lock, NULL);
  pthread_cond_init(&in->changed, NULL);
  pthread_create(&in->worker, NULL, work, in);
  count(current, LIVE_STREAMS, 1);
  *made = in;
  return SUCCESS;
}

EXPORT int cuStreamDestroy_v2(stream *in) {
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  pthread_mutex_lock(&in->lock);
  in->closing = true;
  pthread_cond_broadcast(&in->changed);
  pthread_mutex_unlock(&in->lock);
  pthread_join(in->worker, NULL);
  count(in->owner, LIVE_STREAMS, -1);
  free(in);
  return SUCCESS;
}

EXPORT int cuStreamQuery(stream *in) {
  return require_context() != SUCCESS ? INVALID_CONTEXT : ask(in, in->added, false);
}

EXPORT int cuStreamSynchronize(stream *in) {
  return require_context() != SUCCESS ? INVALID_CONTEXT : ask(in, in->added, true);
}

EXPORT int cuStreamWaitEvent(stream *in, event *what, unsigned flags) {
  (void)flags;
  operation wait = {.kind = WAIT, .other = what->in, .after = what->after};
  return what->in == NULL ? SUCCESS : queue(in, wait);
}

/* How other simulated libraries put work of their own on a stream. It runs whatever happened to the
 * stream before, because it frees what it was given. */
EXPORT int cuLaunchHostFunc(stream *in, void (*call)(void *), void *argument) {
  operation host = {.kind = CALL, .call = call, .argument = argument};
  return queue(in, host);
}

EXPORT int cuEventCreate(event **made, unsigned flags) {
  (void)flags;
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  if (fails(FAIL_HANDLE)) {
    return OUT_OF_MEMORY;
  }
  *made = calloc(1, sizeof **made);
  (*made)->owner = current;
  count(current, LIVE_EVENTS, 1);
  return SUCCESS;
}

EXPORT int cuEventDestroy_v2(event *dead) {
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  count(dead->owner, LIVE_EVENTS, -1);
  free(dead);
  return SUCCESS;
}

EXPORT int cuEventRecord(event *what, stream *in) {
  if (require_context() != SUCCESS || !stream_is_of(in, current)) {
    return INVALID_CONTEXT;
  }
  what->in = in;
  what->after = in->added;
  return SUCCESS;
}

EXPORT int cuEventQuery(event *what) {
  return require_context() != SUCCESS ? INVALID_CONTEXT
         : what->in == NULL           ? SUCCESS
                                      : ask(what->in, what->after, false);
}

EXPORT int cuEventSynchronize(event *what) {
  return require_context() != SUCCESS ? INVALID_CONTEXT
         : what->in == NULL           ? SUCCESS
                                      : ask(what->in, what->after, true);
}

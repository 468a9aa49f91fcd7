/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated kernels. A conversion is done in C by the kernel's name; of the PTX text only the name
 * and the tables are read. So this proves that kernels are asked for rightly and that their tables
 * are right, and nothing of the instructions. */
#include "sim.h"

#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum type { BOOL, I8, U8, I16, U16, I32, U32, I64, U64, F16, BF16, F32, F64, F8 } type;

static const struct {
  const char *name;
  int bytes;
} TYPES[] = {{"bool", 1}, {"i8", 1},  {"u8", 1},  {"i16", 2}, {"u16", 2},  {"i32", 4}, {"u32", 4},
             {"i64", 8},  {"u64", 8}, {"f16", 2}, {"bf16", 2}, {"f32", 4}, {"f64", 8}, {"f8", 1}};

struct function {
  char name[64];
  type from, to;
  bool aligned;
  uint64_t *table;
};

typedef struct module {
  context *owner;
  function only;
} module;

/* An element between its load and its store. */
typedef struct value {
  enum { FLOAT, DOUBLE, SIGNED, UNSIGNED } form;
  union {
    float f;
    double d;
    int64_t i;
    uint64_t bits;
  };
} value;

static uint32_t float_bits(float f) {
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  return bits;
}

static float bits_float(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

static float from_half(uint16_t half) {
  uint32_t magnitude = half & 0x7fff;
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  if (magnitude >= 0x7c00) {
    uint32_t quiet = magnitude > 0x7c00 ? 0x400000 : 0;
    return bits_float(sign | 0x7f800000 | magnitude << 13 | quiet);
  }
  return bits_float(sign | float_bits(ldexpf(bits_float(magnitude << 13), 112)));
}

static value decode(type from, uint64_t bits) {
  value v = {.form = SIGNED, .bits = bits};
  switch (from) {
    case I16: v.i = (int16_t)bits; break;
    case I32: v.i = (int32_t)bits; break;
    case U64: v.form = UNSIGNED; break;
    case F16: v.form = FLOAT; v.f = from_half((uint16_t)bits); break;
    case BF16: v.form = FLOAT; v.f = bits_float((uint32_t)bits << 16); break;
    case F32: v.form = FLOAT; v.f = bits_float((uint32_t)bits); break;
    case F64: v.form = DOUBLE; break;
    default: break;
  }
  return v;
}

static float narrow(const value *v) {
  switch (v->form) {
    case FLOAT: return v->f;
    case DOUBLE: return (float)v->d;
    case SIGNED: return (float)v->i;
    default: return (float)v->bits;
  }
}

static bool is_exact(const value *v, float f) {
  switch (v->form) {
    case FLOAT: return true;
    case DOUBLE: return isnan(f) || (double)f == v->d;
    case SIGNED: return (int64_t)f == v->i;
    default: return (uint64_t)f == v->bits;
  }
}

/* Rounds to odd, so that a rounding to fewer bits can follow. */
static uint32_t odd_float(const value *v) {
  fesetround(FE_TOWARDZERO);
  volatile float f = narrow(v);
  fesetround(FE_TONEAREST);
  return float_bits(f) | (is_exact(v, f) ? 0 : 1);
}

/* Rounds a magnitude, scaled so that its unit is 1, to nearest even. */
static uint16_t to_half(uint32_t bits) {
  uint16_t sign = bits >> 16 & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    return sign | 0x7e00 | (bits >> 13 & 0x3ff);
  }
  if (magnitude >= 0x47800000) {
    return sign | 0x7c00;
  }
  int exponent = (int)(magnitude >> 23) - 127;
  int least = exponent < -14 ? -14 : exponent;
  double units = nearbyint(ldexp((double)bits_float(magnitude), 10 - least));
  return sign | (uint16_t)(((least + 14) << 10) + (int)units);
}

static uint16_t to_bfloat(uint32_t bits) {
  if ((bits & 0x7fffffff) > 0x7f800000) {
    return bits >> 16 | 0x40;
  }
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static double widen(const value *v) {
  switch (v->form) {
    case FLOAT: return (double)v->f;
    case DOUBLE: return v->d;
    case SIGNED: return (double)v->i;
    default: return (double)v->bits;
  }
}

static uint64_t double_bits(double d) {
  uint64_t bits;
  memcpy(&bits, &d, sizeof bits);
  return bits;
}

static uint64_t clamp(double d, double least, double most, uint64_t low, uint64_t high) {
  return isnan(d) ? 0 : d <= least ? low : d >= most ? high : (uint64_t)(int64_t)d;
}

static uint64_t to_unsigned(double d) {
  return isnan(d) || d <= 0 ? 0 : d >= 0x1p64 ? UINT64_MAX : (uint64_t)d;
}

static uint64_t to_integer(const value *v, type to) {
  if (v->form == SIGNED || v->form == UNSIGNED) {
    return v->bits;
  }
  double d = widen(v);
  int bits = TYPES[to].bytes * 8;
  if (to == U64) {
    return to_unsigned(d);
  }
  if (to == U8 || to == U16 || to == U32) {
    return clamp(d, 0, ldexp(1, bits) - 1, 0, (1ULL << bits) - 1);
  }
  double end = ldexp(1, bits - 1);
  uint64_t most = (1ULL << (bits - 1)) - 1;
  return clamp(d, -end, to == I64 ? end : end - 1, ~most, most);
}

static uint64_t truth(const value *v) {
  return v->form == SIGNED || v->form == UNSIGNED ? v->bits != 0 : widen(v) != 0;
}

static uint64_t encode(const function *what, const value *v) {
  switch (what->to) {
    case BOOL: return truth(v);
    case F16: return to_half(odd_float(v));
    case BF16: return to_bfloat(odd_float(v));
    case F32: return float_bits(narrow(v));
    case F64: return double_bits(widen(v));
    case F8: {
      uint32_t odd = odd_float(v);
      return what->table[odd >> 16 | ((odd & 0xffff) != 0)];
    }
    default: return to_integer(v, what->to);
  }
}

static int convert(const function *what, const char *source, char *target, uint64_t elements) {
  int read = TYPES[what->from].bytes;
  int written = TYPES[what->to].bytes;
  for (uint64_t i = 0; i < elements; i++) {
    uint64_t bits = 0;
    memcpy(&bits, source + i * read, read);
    value v = decode(what->from, bits);
    uint64_t result = read == 1 ? what->table[bits] : encode(what, &v);
    memcpy(target + i * written, &result, written);
  }
  return SUCCESS;
}

int run_function(const function *what, const uint64_t arguments[3]) {
  int read = TYPES[what->from].bytes;
  int written = TYPES[what->to].bytes;
  if (what->aligned && (arguments[0] % read != 0 || arguments[1] % written != 0)) {
    violation("%s: misaligned", what->name);
    return MISALIGNED;
  }
  const char *source = seen_by_kernels(arguments[0], arguments[2] * read);
  char *target = seen_by_kernels(arguments[1], arguments[2] * written);
  if (source == NULL || target == NULL) {
    violation("%s: no device memory", what->name);
    return ILLEGAL_ADDRESS;
  }
  return convert(what, source, target, arguments[2]);
}

/* Finds the type whose name begins the text: the longest. */
static int type_of(const char *text) {
  int found = -1;
  for (int i = 0; i <= F8; i++) {
    if (strncmp(text, TYPES[i].name, strlen(TYPES[i].name)) == 0 &&
        (found < 0 || strlen(TYPES[i].name) > strlen(TYPES[found].name))) {
      found = i;
    }
  }
  return found;
}

static uint64_t *read_table(const char *text) {
  const char *at = strstr(text, " table[");
  if (at == NULL) {
    return NULL;
  }
  char *next;
  long codes = strtol(at + strlen(" table["), &next, 10);
  uint64_t *table = calloc(codes, sizeof *table);
  next = strchr(next, '{');
  for (long i = 0; i < codes; i++) {
    table[i] = strtoull(next + 1, &next, 0);
  }
  return table;
}

EXPORT int cuModuleLoadData(module **made, const void *image) {
  const char *entry = strstr(image, ".entry ");
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  if (entry == NULL || fails(FAIL_HANDLE)) {
    return entry == NULL ? INVALID_VALUE : OUT_OF_MEMORY;
  }
  module *loaded = calloc(1, sizeof *loaded);
  function *only = &loaded->only;
  sscanf(entry, ".entry %63[^(]", only->name);
  const char *to = strstr(only->name, "_to_");
  only->from = type_of(only->name);
  only->to = to == NULL ? 0 : type_of(to + strlen("_to_"));
  only->aligned = strstr(only->name, "_unaligned") == NULL;
  only->table = read_table(image);
  loaded->owner = current;
  count(current, LIVE_MODULES, 1);
  *made = loaded;
  return SUCCESS;
}

EXPORT int cuModuleUnload(module *dead) {
  if (require_context() != SUCCESS) {
    return INVALID_CONTEXT;
  }
  count(dead->owner, LIVE_MODULES, -1);
  free(dead->only.table);
  free(dead);
  return SUCCESS;
}

EXPORT int cuModuleGetFunction(function **found, module *in, const char *name) {
  *found = &in->only;
  return fails(FAIL_CALL) || strcmp(in->only.name, name) != 0 ? NOT_FOUND : SUCCESS;
}

EXPORT int cuLaunchKernel(function *what, unsigned x, unsigned y, unsigned z, unsigned threads,
                          unsigned threads_y, unsigned threads_z, unsigned shared, stream *in,
                          void **arguments, void **extra) {
  (void)shared;
  (void)extra;
  if (x == 0 || threads == 0 || threads > 1024 || y * z * threads_y * threads_z != 1) {
    return INVALID_VALUE;
  }
  operation run = {.kind = RUN, .what = what};
  for (int i = 0; i < 3; i++) {
    run.arguments[i] = *(uint64_t *)arguments[i];
  }
  return queue(in, run);
}

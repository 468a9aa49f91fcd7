/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated kernels: what a function of that name does, in C. The PTX itself is not run. */
#include "sim.h"

int run_function(const function *what, const uint64_t arguments[4]) {
  (void)arguments;
  violation("no function %s", what->name);
  return NOT_FOUND;
}

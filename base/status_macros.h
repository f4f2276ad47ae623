// SPDX-License-Identifier: Apache-2.0
//
// The two macros that make absl::Status read like exceptions without being
// any: leave the function when a step failed, otherwise go on.
#ifndef FAIRLEAD_BASE_STATUS_MACROS_H_
#define FAIRLEAD_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define FL_RETURN_IF_ERROR(expr)                            \
  do {                                                      \
    if (absl::Status fl_status = (expr); !fl_status.ok()) { \
      return fl_status;                                     \
    }                                                       \
  } while (false)

#define FL_CONCAT_INNER(a, b) a##b
#define FL_CONCAT(a, b) FL_CONCAT_INNER(a, b)

#define FL_ASSIGN_OR_RETURN(lhs, expr) \
  FL_ASSIGN_OR_RETURN_INNER(FL_CONCAT(fl_result_, __LINE__), lhs, expr)

#define FL_ASSIGN_OR_RETURN_INNER(result, lhs, expr) \
  auto result = (expr);                              \
  if (!result.ok()) {                                \
    return std::move(result).status();               \
  }                                                  \
  lhs = *std::move(result)

#endif  // FAIRLEAD_BASE_STATUS_MACROS_H_

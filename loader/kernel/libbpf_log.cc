// SPDX-License-Identifier: Apache-2.0
#include "loader/kernel/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>

namespace fairlead {
namespace {

constexpr size_t kKeptBytes = 4096;
thread_local std::string* g_text = nullptr;

__attribute__((format(printf, 2, 0))) int Keep(libbpf_print_level level, const char* format,
                                               va_list args) {
  if (level == LIBBPF_DEBUG || g_text == nullptr) return 0;
  char* line = nullptr;
  if (vasprintf(&line, format, args) < 0) return 0;
  g_text->append(line);
  free(line);
  if (g_text->size() > 2 * kKeptBytes) g_text->erase(0, g_text->size() - kKeptBytes);
  return 0;
}

}  // namespace

LibbpfLog::LibbpfLog() {
  delete g_text;
  g_text = new std::string;
  libbpf_set_print(Keep);
}

LibbpfLog::~LibbpfLog() {
  delete g_text;
  g_text = nullptr;
}

std::string LibbpfLog::Tail() const {
  return g_text->size() <= kKeptBytes ? *g_text : g_text->substr(g_text->size() - kKeptBytes);
}

}  // namespace fairlead

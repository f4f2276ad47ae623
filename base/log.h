// SPDX-License-Identifier: Apache-2.0
//
// Logging: one line per event on standard error, "key=value" for what varies.
// Thin over spdlog, so that the library can be changed in one file.
#ifndef FAIRLEAD_BASE_LOG_H_
#define FAIRLEAD_BASE_LOG_H_

#include <spdlog/spdlog.h>

#include <string>

namespace fairlead {

// Call once, first thing in main(). `level` is one of trace, debug, info, warn, error.
void InitLog(const std::string& program, const std::string& level);

template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogWarn(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <typename... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}

}  // namespace fairlead

#endif  // FAIRLEAD_BASE_LOG_H_

// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/cni_install.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace fairlead {
namespace {

using nlohmann::json;

constexpr char kBinary[] = "fairlead-cni";
constexpr char kConflist[] = "10-fairlead.conflist";
constexpr mode_t kBinaryMode = 0755;
constexpr mode_t kConflistMode = 0644;

// What is installed; "" for what is not.
struct Installed {
  std::string binary;
  std::string conflist;
};

std::string RecordPath(const std::string& state_dir) { return state_dir + "/cni-install.json"; }

absl::StatusOr<Installed> ReadRecord(const std::string& state_dir) {
  const absl::StatusOr<std::string> text = ReadWholeFile(RecordPath(state_dir));
  if (absl::IsNotFound(text.status())) return Installed{};
  if (!text.ok()) return text.status();
  const json record = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  const auto path = [&record](const char* key) {
    const json value = record.is_object() ? record.value(key, json()) : json();
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  return Installed{.binary = path("binary"), .conflist = path("conflist")};
}

// Ours is one that names no plugin but ours; what is no configuration is not.
bool IsOurs(const std::string& text) {
  const json configuration = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!configuration.is_object()) return false;
  const json plugins = configuration.value("plugins", json());
  return plugins.is_array() && !plugins.empty() &&
         std::ranges::all_of(plugins, [](const json& plugin) {
           return plugin.is_object() && plugin.value("type", json()) == kBinary;
         });
}

// The file at `path` in one step, with `mode`; not touched if it is the same.
absl::Status Place(const std::string& path, std::string_view text, mode_t mode) {
  struct stat present{};
  if (::lstat(path.c_str(), &present) == 0 && S_ISREG(present.st_mode) &&
      (present.st_mode & 07777) == mode) {
    const absl::StatusOr<std::string> old = ReadWholeFile(path);
    if (old.ok() && *old == text) return absl::OkStatus();
  }
  FL_RETURN_IF_ERROR(WriteFileDurably(path, text, mode));
  LogInfo("installed {}", path);
  return absl::OkStatus();
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? ErrnoStatus(error.value(), "make directory " + path) : absl::OkStatus();
}

std::string BinaryBesideUs() {
  std::error_code error;
  return (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / kBinary).string();
}

absl::Status RemoveFile(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  if (::unlink(path.c_str()) == 0) {
    LogInfo("removed {}", path);
  } else if (errno != ENOENT) {
    return ErrnoStatus(errno, "remove " + path);
  }
  return absl::OkStatus();
}

absl::Status RemoveConflist(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (!text.ok()) return absl::IsNotFound(text.status()) ? absl::OkStatus() : text.status();
  if (IsOurs(*text)) return RemoveFile(path);
  LogWarn("{} has other plugins, too: left alone", path);
  return absl::OkStatus();
}

absl::Status InstallConflist(const std::string& path, const std::string& socket) {
  const absl::StatusOr<std::string> present = ReadWholeFile(path);
  if (present.ok() && !IsOurs(*present)) {
    LogWarn("{} has other plugins, too, or is not readable JSON: left alone", path);
    return absl::OkStatus();
  }
  return Place(path, CniConfiguration(socket), kConflistMode);
}

}  // namespace

std::string CniConfiguration(const std::string& socket) {
  // Runtimes of before 1.1.0 read cniVersion, newer ones take the best of the list.
  const json configuration = {
      {"cniVersion", "1.0.0"},
      {"cniVersions", {"0.4.0", "1.0.0", "1.1.0"}},
      {"name", "fairlead"},
      {"plugins",
       json::array({{{"type", kBinary},
                     {"socket", socket},
                     {"capabilities", {{"portMappings", true}, {"ips", true}, {"mac", true}}}}})}};
  return configuration.dump(2) + "\n";
}

absl::Status InstallCni(const Options& options) {
  const Installed wanted = {
      .binary = options.cni_bin_dir.empty() ? "" : options.cni_bin_dir + "/" + kBinary,
      .conflist = options.cni_conf_dir.empty() ? "" : options.cni_conf_dir + "/" + kConflist};
  FL_ASSIGN_OR_RETURN(const Installed before, ReadRecord(options.state_dir));
  if (before.conflist != wanted.conflist) FL_RETURN_IF_ERROR(RemoveConflist(before.conflist));
  if (before.binary != wanted.binary) FL_RETURN_IF_ERROR(RemoveFile(before.binary));
  if (wanted.binary.empty() && wanted.conflist.empty()) {
    return RemoveFile(RecordPath(options.state_dir));
  }
  // First, so that cleanup finds what a killed daemon has installed.
  const json record = {{"binary", wanted.binary}, {"conflist", wanted.conflist}};
  FL_RETURN_IF_ERROR(WriteFileDurably(RecordPath(options.state_dir), record.dump() + "\n"));
  if (!wanted.binary.empty()) {
    FL_RETURN_IF_ERROR(MakeDirectory(options.cni_bin_dir));
    const std::string source = options.cni_binary.empty() ? BinaryBesideUs() : options.cni_binary;
    FL_ASSIGN_OR_RETURN(const std::string binary, ReadWholeFile(source));
    FL_RETURN_IF_ERROR(Place(wanted.binary, binary, kBinaryMode));
  }
  if (wanted.conflist.empty()) return absl::OkStatus();
  FL_RETURN_IF_ERROR(MakeDirectory(options.cni_conf_dir));
  return InstallConflist(wanted.conflist, options.cni_socket());
}

absl::Status UninstallCni(const std::string& state_dir) {
  FL_ASSIGN_OR_RETURN(const Installed installed, ReadRecord(state_dir));
  FL_RETURN_IF_ERROR(RemoveConflist(installed.conflist));
  FL_RETURN_IF_ERROR(RemoveFile(installed.binary));
  return RemoveFile(RecordPath(state_dir));
}

}  // namespace fairlead

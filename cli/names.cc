// SPDX-License-Identifier: Apache-2.0
#include "cli/names.h"

#include <fmt/format.h>

#include "base/durable_file.h"

namespace fairlead::cli {
namespace {

// `path` down the objects; null where it ends early.
Json Lookup(const Json& names, std::initializer_list<std::string> path) {
  const Json* here = &names;
  for (const std::string& key : path) {
    if (!here->is_object()) return {};
    const auto found = here->find(key);
    if (found == here->end()) return {};
    here = &*found;
  }
  return here->is_string() ? *here : Json();
}

}  // namespace

absl::StatusOr<Names> Names::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (text.status().code() == absl::StatusCode::kNotFound) return Names();
  if (!text.ok()) return text.status();
  absl::StatusOr<Names> names = Parse(*text);
  if (!names.ok()) {
    return absl::DataLossError(fmt::format("{}: {}", path, std::string(names.status().message())));
  }
  return names;
}

absl::StatusOr<Names> Names::Parse(const std::string& text) {
  Names names;
  names.names_ = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!names.names_.is_object()) return absl::DataLossError("not a JSON object of names");
  return names;
}

Json Names::Service(Family family, const std::string& frontend) const {
  return Lookup(names_, {"services", fmt::format("{}", static_cast<int>(family)), frontend});
}

Json Names::Pod(uint32_t slot) const { return Lookup(names_, {"pods", fmt::format("{}", slot)}); }

Json Names::Container(uint32_t slot) const {
  return Lookup(names_, {"attachments", fmt::format("{}", slot), "container"});
}

Json Names::HostPorts(uint32_t slot) const {
  Json ports = Lookup(names_, {"attachments", fmt::format("{}", slot), "hostPorts"});
  return ports == "" ? Json() : ports;
}

Json Names::Node(uint32_t slot) const { return Lookup(names_, {"nodes", fmt::format("{}", slot)}); }

}  // namespace fairlead::cli

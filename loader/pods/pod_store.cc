// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/pod_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "base/status_macros.h"
#include "loader/pods/pod_json.h"

namespace fairlead {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr int kVersionWithJournal = 2;  // an older fairleadd must not overlook the journal

// Names come from outside and need not be UTF-8.
std::string Dump(const json& value, int indent = -1) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace) + "\n";
}

absl::Status CheckUnique(const std::vector<LocalPod>& pods) {
  std::set<uint32_t> slots;
  std::set<IpAddress> addresses;
  for (const LocalPod& pod : pods) {
    const bool unique = slots.insert(pod.slot).second &&
                        (!pod.ip4 || addresses.insert(*pod.ip4).second) &&
                        (!pod.ip6 || addresses.insert(*pod.ip6).second);
    if (!unique) {
      return absl::InvalidArgumentError(
          fmt::format("the slot or an address of container {} is listed twice", pod.container_id));
    }
  }
  return absl::OkStatus();
}

struct Snapshot {
  PodState state;
  uint64_t journal = 0;  // 0: none
  std::string boot_id;
};

absl::StatusOr<Snapshot> SnapshotFromJson(const json& document) {
  const int version = document.at("version").get<int>();
  if (version != kVersion && version != kVersionWithJournal) {
    return absl::InvalidArgumentError("it is of a version that this fairleadd does not know");
  }
  Snapshot snapshot;
  snapshot.journal = document.value("journal", uint64_t{0});
  snapshot.boot_id = document.value("bootID", "");
  PodState& state = snapshot.state;
  for (const json& object : document.at("pods")) {
    FL_ASSIGN_OR_RETURN(LocalPod pod, PodFromJson(object));
    state.pods.push_back(std::move(pod));
  }
  state.freed_slots = document.at("freedSlots").get<std::vector<uint32_t>>();
  for (const json& text : document.at("freedAddresses")) {
    FL_ASSIGN_OR_RETURN(const IpAddress address, IpAddress::Parse(text.get<std::string>()));
    state.freed_addresses.push_back(address);
  }
  return snapshot;
}

// nlohmann's exceptions end here.
absl::StatusOr<Snapshot> ParseSnapshot(const std::string& text) {
  try {
    return SnapshotFromJson(json::parse(text));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

void TakeBack(std::vector<IpAddress>& freed, const std::optional<IpAddress>& address) {
  if (address) std::erase(freed, *address);
}

void ReplayAdd(LocalPod pod, PodState* state) {
  std::erase(state->freed_slots, pod.slot);
  TakeBack(state->freed_addresses, pod.ip4);
  TakeBack(state->freed_addresses, pod.ip6);
  state->pods.push_back(std::move(pod));
}

absl::Status ReplayRemove(uint32_t slot, PodState* state) {
  const auto pod = std::ranges::find(state->pods, slot, &LocalPod::slot);
  if (pod == state->pods.end()) {
    return absl::InvalidArgumentError(fmt::format("slot {} is removed and was empty", slot));
  }
  state->freed_slots.push_back(slot);
  if (pod->ip4) state->freed_addresses.push_back(*pod->ip4);
  if (pod->ip6) state->freed_addresses.push_back(*pod->ip6);
  state->pods.erase(pod);
  return absl::OkStatus();
}

absl::Status ReplayLine(const std::string& line, PodState* state) {
  try {
    const json object = json::parse(line);
    if (object.contains("remove")) {
      return ReplayRemove(object.at("remove").get<uint32_t>(), state);
    }
    FL_ASSIGN_OR_RETURN(LocalPod pod, PodFromJson(object.at("add")));
    ReplayAdd(std::move(pod), state);
    return absl::OkStatus();
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

uint64_t JournalNumber(std::string_view first_line) {
  const json object = json::parse(first_line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("journal")) return 0;
  const json& number = object.at("journal");
  return number.is_number_unsigned() ? number.get<uint64_t>() : 0;
}

// The lines of `text` after the first, of a journal that is this snapshot's.
// What has no line end was cut short.
absl::Status Replay(const std::string& text, bool same_boot, PodState* state) {
  size_t start = text.find('\n') + 1;
  for (size_t number = 2;; ++number) {
    const size_t end = text.find('\n', start);
    if (end == std::string::npos) return absl::OkStatus();
    const absl::Status status = ReplayLine(text.substr(start, end - start), state);
    if (!status.ok() && !same_boot) return absl::OkStatus();
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("line {}: {}", number, std::string(status.message())));
    }
    start = end + 1;
  }
}

absl::Status Damaged(const std::string& path, const absl::Status& why) {
  return absl::DataLossError(fmt::format(
      "{} is damaged ({}): put back an intact copy, or delete the pods of this node, move the file "
      "away and start fairleadd again; without it their addresses would be given out twice",
      path, std::string(why.message())));
}

}  // namespace

std::string CurrentBootId() {
  const absl::StatusOr<std::string> id = ReadWholeFile("/proc/sys/kernel/random/boot_id");
  return id.ok() ? id->substr(0, id->find('\n')) : "";
}

absl::StatusOr<PodStore> PodStore::Open(const std::string& state_dir, std::string boot_id) {
  FL_RETURN_IF_ERROR(MakePrivateDirectory(state_dir));
  return PodStore(state_dir, std::move(boot_id));
}

absl::StatusOr<PodState> PodStore::Load() {
  journal_.Reset();
  const absl::StatusOr<std::string> text = ReadWholeFile(path_);
  if (absl::IsNotFound(text.status())) return PodState{};
  if (!text.ok()) return text.status();
  absl::StatusOr<Snapshot> snapshot = ParseSnapshot(*text);
  if (!snapshot.ok()) return Damaged(path_, snapshot.status());
  number_ = snapshot->journal;
  const absl::StatusOr<std::string> journal = ReadWholeFile(journal_path_);
  if (!journal.ok() && !absl::IsNotFound(journal.status())) return journal.status();
  // No first line: it was never begun.
  if (journal.ok() && number_ != 0 && journal->find('\n') != std::string::npos &&
      JournalNumber(journal->substr(0, journal->find('\n'))) == number_) {
    const bool same_boot = snapshot->boot_id == boot_id_;
    const absl::Status replayed = Replay(*journal, same_boot, &snapshot->state);
    if (!replayed.ok()) return Damaged(journal_path_, replayed);
  }
  if (const absl::Status unique = CheckUnique(snapshot->state.pods); !unique.ok()) {
    return Damaged(path_, unique);
  }
  return std::move(snapshot->state);
}

absl::Status PodStore::Save(const PodState& state) {
  journal_.Reset();
  ++number_;
  json document = {{"version", kVersionWithJournal},
                   {"journal", number_},
                   {"bootID", boot_id_},
                   {"pods", json::array()},
                   {"freedSlots", state.freed_slots},
                   {"freedAddresses", json::array()}};
  for (const LocalPod& pod : state.pods) document["pods"].push_back(PodToJson(pod));
  for (const IpAddress& address : state.freed_addresses) {
    document["freedAddresses"].push_back(address.ToString());
  }
  FL_RETURN_IF_ERROR(WriteFileDurably(path_, Dump(document, 1)));
  // Killed here: the journal that is there has another number.
  const std::string temporary = journal_path_ + ".new";
  UniqueFd journal(::open(temporary.c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!journal.ok()) return ErrnoStatus(errno, fmt::format("create {}", temporary));
  const std::string first = Dump({{"journal", number_}});
  if (::write(journal.get(), first.data(), first.size()) != static_cast<ssize_t>(first.size()) ||
      ::rename(temporary.c_str(), journal_path_.c_str()) < 0) {
    return ErrnoStatus(errno, fmt::format("begin {}", journal_path_));
  }
  journal_ = std::move(journal);
  journal_lines_ = 0;
  return absl::OkStatus();
}

absl::Status PodStore::AppendAdd(const LocalPod& pod) {
  return Append(Dump({{"add", PodToJson(pod)}}));
}

absl::Status PodStore::AppendRemove(uint32_t slot) { return Append(Dump({{"remove", slot}})); }

absl::Status PodStore::Append(const std::string& line) {
  if (!journal_.ok()) return absl::FailedPreconditionError("the journal of pods is not open");
  const ssize_t written = ::write(journal_.get(), line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) {
    ++journal_lines_;
    return absl::OkStatus();
  }
  // Half a line must not have another one behind it: the next change is saved
  // as a whole, which begins a new journal.
  const int error = written < 0 ? errno : ENOSPC;
  journal_.Reset();
  return ErrnoStatus(error, fmt::format("append to {}", journal_path_));
}

}  // namespace fairlead

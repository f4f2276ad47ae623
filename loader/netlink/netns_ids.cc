// SPDX-License-Identifier: Apache-2.0
#include "loader/netlink/netns_ids.h"

#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "base/status_macros.h"

namespace fairlead {
namespace {

// The kernel writes blanks and backslashes in a path as \ooo.
std::string Unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      plain += text[i];
      continue;
    }
    plain +=
        static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return plain;
}

// proc(5): "36 35 0:4 net:[4026532281] /run/netns/x rw shared:1 - nsfs nsfs rw"
void AddMounts(std::map<std::string, std::string>* places) {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string mount, parent, device, root, path;
    words >> mount >> parent >> device >> root >> path;
    if (root.starts_with("net:[")) places->emplace(root, Unescaped(path));
  }
}

void AddProcesses(std::map<std::string, std::string>* places) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (std::isdigit(static_cast<unsigned char>(name.front())) == 0) continue;
    const std::filesystem::path file = entry.path() / "ns/net";
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(file, gone);
    if (!gone) places->emplace(target, file);
  }
}

// -1: it has none here.
absl::StatusOr<int32_t> IdOf(NetlinkSocket& netlink, int netns_fd) {
  NetlinkMessage message(RTM_GETNSID, 0);
  message.Header<rtgenmsg>();
  message.PutU32(NETNSA_FD, static_cast<uint32_t>(netns_fd));
  FL_ASSIGN_OR_RETURN(const NetlinkAnswers answers,
                      netlink.Get(message, "ask for the id of a network namespace"));
  int32_t id = -1;
  answers.ForEach([&id](const nlmsghdr* answer) {
    if (answer->nlmsg_type != RTM_NEWNSID) return;
    const NetlinkAttributes<NETNSA_MAX> attributes(answer, sizeof(rtgenmsg));
    id = static_cast<int32_t>(attributes.U32(NETNSA_NSID, static_cast<uint32_t>(-1)));
  });
  return id;
}

}  // namespace

absl::StatusOr<std::map<int32_t, UniqueFd>> FindNetns(NetlinkSocket& netlink,
                                                      const std::set<int32_t>& ids) {
  std::map<int32_t, UniqueFd> found;
  if (ids.empty()) return found;
  std::map<std::string, std::string> places;
  AddMounts(&places);
  AddProcesses(&places);
  for (const auto& [name, file] : places) {
    UniqueFd netns(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!netns.ok()) continue;  // gone meanwhile
    // What is no network namespace any more is an error of the question.
    const absl::StatusOr<int32_t> id = IdOf(netlink, netns.get());
    if (id.ok() && ids.contains(*id)) found.emplace(*id, std::move(netns));
    if (found.size() == ids.size()) break;
  }
  return found;
}

}  // namespace fairlead

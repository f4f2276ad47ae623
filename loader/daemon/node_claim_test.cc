// SPDX-License-Identifier: Apache-2.0
//
// Promise: a node has one daemon, wherever that keeps its state, and nobody but root can keep it
// away.
#include "loader/daemon/node_claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "loader/netlink/scratch_netns.h"

namespace fairlead::testing {
namespace {

constexpr uid_t kNobody = 65534;

// A process of `uid` that has the abstract name, until this is destroyed.
class Squatter {
 public:
  Squatter(uid_t uid, const std::string& name, bool listens) {
    int ready[2];
    if (::pipe(ready) != 0) std::abort();
    process_ = ::fork();
    if (process_ == 0) {
      ::close(ready[0]);
      ::_exit(Hold(uid, name, listens, ready[1]));
    }
    ::close(ready[1]);
    char byte = 0;
    if (::read(ready[0], &byte, 1) != 1) std::abort();
    ::close(ready[0]);
  }
  ~Squatter() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Squatter(const Squatter&) = delete;
  Squatter& operator=(const Squatter&) = delete;

  pid_t pid() const { return process_; }

 private:
  static int Hold(uid_t uid, const std::string& name, bool listens, int ready) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (uid != 0 && ::setuid(uid) != 0) return 1;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // after setuid(), which forgets it
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), length) != 0) return 1;
    if (listens && ::listen(socket, 1) != 0) return 1;
    if (::write(ready, "+", 1) != 1) return 1;
    while (true) ::pause();
  }

  pid_t process_ = -1;
};

class Claim : public ::testing::Test {
 protected:
  ScratchNetns node_;
  ScratchDirectory state_, other_state_;
};

TEST_F(Claim, ExcludesASecondDaemonWithAnotherStateDirectory) {
  const NodeClaim first = Must(NodeClaim::Take(state_.path()));
  EXPECT_TRUE(absl::IsAlreadyExists(NodeClaim::Take(other_state_.path()).status()));
}

TEST_F(Claim, IsFreeAgainWhenItsHolderIsGone) {
  Must(NodeClaim::Take(state_.path()));
  EXPECT_EQ(NodeClaim::Take(other_state_.path()).status(), absl::OkStatus());
}

TEST_F(Claim, NamesTheProcessOfRootThatHasIt) {
  const Squatter daemon(0, "fairleadd", /*listens=*/true);
  EXPECT_THAT(std::string(NodeClaim::Take(state_.path()).status().message()),
              ::testing::HasSubstr(std::to_string(daemon.pid())));
}

TEST_F(Claim, IsNotKeptAwayByAProcessThatIsNotRoot) {
  for (const bool listens : {true, false}) {
    const Squatter squatter(kNobody, "fairleadd", listens);
    const absl::StatusOr<NodeClaim> claim = NodeClaim::Take(state_.path());
    EXPECT_EQ(claim.status(), absl::OkStatus());
    EXPECT_TRUE(absl::IsAlreadyExists(NodeClaim::Take(other_state_.path()).status()))
        << "two daemons exclude each other beside it";
  }
}

TEST_F(Claim, IsSeenWhenTheSquatterWentLater) {
  std::optional<NodeClaim> first;
  {
    const Squatter squatter(kNobody, "fairleadd", /*listens=*/true);
    first.emplace(Must(NodeClaim::Take(state_.path())));
  }
  EXPECT_TRUE(absl::IsAlreadyExists(NodeClaim::Take(other_state_.path()).status()));
}

TEST_F(Claim, OfANameThatOnlyBeginsAlikeIsNobodysElse) {
  const Squatter squatter(kNobody, "fairleadd.0000000000000000", /*listens=*/true);
  EXPECT_EQ(NodeClaim::Take(state_.path()).status(), absl::OkStatus());
}

}  // namespace
}  // namespace fairlead::testing

// SPDX-License-Identifier: Apache-2.0
//
// An API server that is given by name, and a name server that says nothing.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "base/durable_file.h"
#include "base/errno_status.h"
#include "loader/api/http_fixture.h"

namespace fairlead::api {
namespace {

using fairlead::testing::ScratchDirectory;

// The only one that this thread's resolver knows. The loopback must be up.
class SilentNameServer {
 public:
  SilentNameServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MustOk(Done(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
                "bind"));
    const std::string file = directory_.path() + "/resolv.conf";
    MustOk(ReplaceFile(file, "nameserver 127.0.0.1\noptions timeout:3 attempts:3\n"));
    MustOk(Done(unshare(CLONE_NEWNS), "unshare"));
    MustOk(Done(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make private"));
    MustOk(Done(mount(file.c_str(), kFile, nullptr, MS_BIND, nullptr), "mount"));
  }
  ~SilentNameServer() { umount2(kFile, MNT_DETACH); }
  SilentNameServer(const SilentNameServer&) = delete;
  SilentNameServer& operator=(const SilentNameServer&) = delete;

  // Questions so far.
  int heard() {
    char question[512];
    while (recv(fd_.get(), question, sizeof(question), MSG_DONTWAIT) > 0) ++heard_;
    return heard_;
  }

 private:
  static constexpr char kFile[] = "/etc/resolv.conf";

  static absl::Status Done(int result, const char* what) {
    return result == 0 ? absl::OkStatus() : ErrnoStatus(errno, what);
  }

  ScratchDirectory directory_;
  UniqueFd fd_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  int heard_ = 0;
};

// The resolver asks for both families, then waits for 3 s, and asks again.
constexpr int kFirstQuestions = 2;

TEST_F(HttpFixture, AServerWhoseNameIsNotFoundOutHoldsUpNobody) {
  SilentNameServer names;
  Open({.servers = {{.url = "http://api.example:1"}}});
  RecordingReceiver receiver;
  auto exchange = transport_->Send({.target = "/a"}, receiver);
  RunUntil([&names] { return names.heard() > 0; });
  exchange.reset();
  transport_.reset();
  EXPECT_LE(names.heard(), kFirstQuestions) << "somebody has waited for the resolver";
}

}  // namespace
}  // namespace fairlead::api

// SPDX-License-Identifier: Apache-2.0
//
// Promise: whatever happens to the cluster and to its API server, once the
// server is well again the node's tables are those that follow from its objects
// alone. Thousands of changes and faults are drawn by lot, from seeds that are
// fixed and in the tests' names.
//
//   random changes ──▶ API server ──▶ transport ──▶ reflectors ──▶ tables
//   random faults  ───────┘                                          ║ equal?
//                          objects alone ──▶ plan ──▶ other tables ══╝
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>

#include <fstream>

#include "loader/kube/json_parser.h"
#include "loader/netlink/links.h"
#include "loader/netlink/scratch_netns.h"
#include "tests/apiserver/test_api_server.h"
#include "tests/state/follower.h"
#include "tests/state/random_cluster.h"
#include "tests/state/random_faults.h"

namespace fairlead::testing {
namespace {

constexpr int kRounds = 10;
constexpr int kStepsPerRound = 80;
constexpr int kStepsPerFault = 8;

void BringLoopbackUp() {
  NetlinkSocket netlink = Must(NetlinkSocket::Open());
  MustOk(SetLinkUp(netlink, if_nametoindex("lo")));
}

// What a client with these needs would know if nothing ever went wrong.
kube::ObjectStore ObjectsOf(const apiserver::Store& server) {
  kube::ObjectStore store;
  kube::JsonParser parser;
  for (const api::Resource& wanted : api::ResourcesFor(Follower::AllNeeds())) {
    const apiserver::Selector labels = Must(apiserver::Selector::Parse(wanted.label_selector));
    const apiserver::Selector fields = Must(apiserver::Selector::Parse(wanted.field_selector));
    for (const auto& [key, object] : server.All(apiserver::ResourceOf(wanted.name))) {
      if (!labels.Matches(object->labels) || !fields.Matches(object->fields)) continue;
      const std::string padded = object->text + std::string(kube::kJsonPadding, ' ');
      const kube::JsonValue json =
          Must(parser.Parse(std::string_view(padded).substr(0, object->text.size())));
      store.Put(Must(kube::ParseObject(wanted.kind, json)), "");
    }
  }
  return store;
}

// Those that one has and the other has not, or otherwise.
template <typename T>
std::vector<std::string> Differing(const kube::ObjectMap<T>& a, const kube::ObjectMap<T>& b) {
  std::vector<std::string> names;
  for (const auto& [name, object] : a) {
    const auto other = b.find(name);
    if (other == b.end() || !(*other->second == *object)) names.push_back(name.name);
  }
  for (const auto& [name, object] : b) {
    if (!a.contains(name)) names.push_back(name.name);
  }
  return names;
}

std::vector<std::string> DifferingLines(const PlannedNode::View& got,
                                        const PlannedNode::View& wanted) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : got) {
    const auto other = wanted.find(key);
    if (other == wanted.end() || other->second != value)
      lines.push_back("got " + key + ": " + value);
  }
  for (const auto& [key, value] : wanted) {
    const auto other = got.find(key);
    if (other == got.end() || other->second != value) {
      lines.push_back("wanted " + key + ": " + value);
    }
  }
  return lines;
}

class RandomizedServer : public ::testing::TestWithParam<uint64_t> {
 protected:
  RandomizedServer()
      : cluster_(GetParam()),
        faults_(GetParam() + 1, [this](const auto& token) { WriteToken(token); }) {
    BringLoopbackUp();
    apiserver::ServerOptions options;
    options.api.window = 20;  // soon 410
    options.api.watch.bookmark_interval = std::chrono::milliseconds(20);
    // One in three is older than WatchList.
    if (GetParam() % 3 == 0) {
      options.api.watch.watch_list = apiserver::WatchListSupport::kNoFeature;
    }
    server_ = Must(apiserver::TestApiServer::Start(options));
    server_->Do([this](apiserver::ApiServer& server) { cluster_.Begin(server.api().store()); });
    WriteToken(apiserver::TestApiServer::kToken);
    std::string kubeconfig = server_->Kubeconfig();
    const std::string token = std::string("token: ") + apiserver::TestApiServer::kToken;
    kubeconfig.replace(kubeconfig.find(token), token.size(), "tokenFile: " + token_file());
    std::ofstream(directory_.path() + "/kubeconfig") << kubeconfig;
    follower_.emplace(directory_.path() + "/kubeconfig", GetParam());
  }

  std::string token_file() const { return directory_.path() + "/token"; }
  void WriteToken(const std::string& token) const {
    std::ofstream(token_file() + ".new") << token;
    std::filesystem::rename(token_file() + ".new", token_file());
  }

  void Step() {
    const bool is_fault = ++steps_ % kStepsPerFault == 0;
    std::string what;
    server_->Do([&](apiserver::ApiServer& server) {
      what = is_fault ? faults_.Break(server) : cluster_.Change(server.api().store());
    });
    history_ += fmt::format("{}: {}\n", steps_, what);
    // Some changes come together, some alone; some faults last, some are over before the next.
    follower_->RunFor(std::chrono::milliseconds(is_fault ? steps_ % 5 * 10 : steps_ % 3));
  }

  // Until the follower knows what the healthy server has.
  void Settle() {
    server_->Do([this](apiserver::ApiServer& server) { faults_.Heal(server); });
    const std::string version = std::to_string(server_->version());
    ASSERT_TRUE(follower_->RunUntil([&] { return follower_->HasReached(version); }))
        << "the server is at " << version << ", but " << follower_->Describe() << '\n'
        << history_;
  }

  void ExpectSame() {
    kube::ObjectStore wanted;
    server_->Do([&](apiserver::ApiServer& server) { wanted = ObjectsOf(server.api().store()); });
    const kube::ObjectStore& got = follower_->store();
    EXPECT_THAT(Differing(got.services(), wanted.services()), ::testing::IsEmpty());
    EXPECT_THAT(Differing(got.endpoint_slices(), wanted.endpoint_slices()), ::testing::IsEmpty());
    EXPECT_THAT(Differing(got.nodes(), wanted.nodes()), ::testing::IsEmpty());
    EXPECT_THAT(Differing(got.pods(), wanted.pods()), ::testing::IsEmpty());
    EXPECT_THAT(Differing(got.namespaces(), wanted.namespaces()), ::testing::IsEmpty());
    EXPECT_THAT(Differing(got.network_policies(), wanted.network_policies()), ::testing::IsEmpty());
    PlannedNode fresh;
    fresh.ApplyAll(wanted);
    EXPECT_THAT(DifferingLines(follower_->Read(), fresh.Read()), ::testing::IsEmpty()) << history_;
  }

  const ScratchNetns netns_;
  const ScratchDirectory directory_;
  RandomCluster cluster_;
  RandomFaults faults_;
  std::unique_ptr<apiserver::TestApiServer> server_;
  std::optional<Follower> follower_;
  int steps_ = 0;
  std::string history_;
};

TEST_P(RandomizedServer, IsFollowedToWhatItHasInTheEnd) {
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    for (int i = 0; i < kStepsPerRound; ++i) Step();
    ASSERT_NO_FATAL_FAILURE(Settle());
    ExpectSame();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomizedServer, ::testing::Values(1, 2, 3, 4, 5, 6),
                         [](const auto& test) { return fmt::format("Seed{}", test.param); });

}  // namespace
}  // namespace fairlead::testing

// SPDX-License-Identifier: Apache-2.0
//
// What was saved is what is loaded; what is damaged is never taken for empty.
#include "loader/pods/pod_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/durable_file.h"
#include "loader/netlink/scratch_netns.h"
#include "maps/abi/limits_abi.h"

namespace fairlead::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

LocalPod Pod(uint32_t slot) {
  LocalPod pod;
  pod.slot = slot;
  pod.ifindex = FL_POD_IFINDEX_BASE + slot;
  pod.host_device = HostDeviceName(slot);
  pod.mac = {2, 1, 2, 3, 4, static_cast<uint8_t>(slot)};
  pod.ip4 = Must(IpAddress::Parse("10.1.0.1")).Plus(slot);
  pod.ip6 = Must(IpAddress::Parse("fd00::1")).Plus(slot);
  pod.container_id = "container-" + std::to_string(slot);
  pod.interface_name = "eth0";
  pod.name_space = "shop";
  pod.name = "web \"quoted\"";
  pod.uid = "1234";
  pod.mtu = 1450;
  pod.serial = 1000 + slot;
  pod.port_mappings = {{.protocol = Protocol::kTcp, .host_port = 8080, .container_port = 80},
                       {.protocol = Protocol::kUdp,
                        .host_port = 53,
                        .container_port = 1053,
                        .host_ip = Must(IpAddress::Parse("fd00:77::1"))},
                       {.protocol = Protocol::kSctp, .host_port = 65535, .container_port = 1}};
  return pod;
}

mode_t ModeOf(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

class Store : public ::testing::Test {
 protected:
  ScratchDirectory directory_;
  std::string state_dir_ = directory_.path() + "/state/deep";
  PodStore store_ = Must(PodStore::Open(state_dir_, "boot 1"));
  // As the next daemon finds it.
  PodStore Again(const std::string& boot = "boot 1") {
    return Must(PodStore::Open(state_dir_, boot));
  }
};

TEST_F(Store, NoFileMeansNoPods) { EXPECT_EQ(Must(store_.Load()), PodState{}); }

TEST_F(Store, PodsComeBackAsTheyWere) {
  PodState state{.pods = {Pod(0), Pod(4095)},
                 .freed_slots = {7, 3},
                 .freed_addresses = {Must(IpAddress::Parse("10.1.0.9"))}};
  state.pods[1].ip6.reset();
  state.pods[1].port_mappings.clear();
  ASSERT_TRUE(store_.Save(state).ok());
  EXPECT_EQ(Must(Again().Load()), state);
}

TEST_F(Store, FileAndDirectoryAreForTheOwnerOnly) {
  ASSERT_TRUE(store_.Save({.pods = {Pod(1)}, .freed_slots = {}, .freed_addresses = {}}).ok());
  EXPECT_EQ(ModeOf(store_.path()), 0600u);
  EXPECT_EQ(ModeOf(state_dir_), 0700u);
}

TEST_F(Store, HalfWrittenTemporaryFileOfAKilledDaemonIsIgnored) {
  const PodState state{.pods = {Pod(1)}, .freed_slots = {}, .freed_addresses = {}};
  ASSERT_TRUE(store_.Save(state).ok());
  MustOk(WriteFileDurably(store_.path() + ".new", "{\"version\": 1, \"po"));
  EXPECT_EQ(Must(store_.Load()), state);
  EXPECT_TRUE(store_.Save(state).ok());
}

TEST_F(Store, FileCutShortAnywhereIsAnErrorThatNamesItAndTheRemedy) {
  ASSERT_TRUE(store_.Save({.pods = {Pod(1)}, .freed_slots = {2}, .freed_addresses = {}}).ok());
  const std::string whole = Must(ReadWholeFile(store_.path()));
  for (size_t length = 0; length + 2 < whole.size(); ++length) {
    MustOk(WriteFileDurably(store_.path(), whole.substr(0, length)));
    const absl::Status status = store_.Load().status();
    ASSERT_TRUE(absl::IsDataLoss(status)) << length;
    ASSERT_THAT(std::string(status.message()), HasSubstr(store_.path()));
    ASSERT_THAT(std::string(status.message()), HasSubstr("move the file away"));
  }
}

class Journal : public Store {
 protected:
  Journal() { MustOk(store_.Save({.pods = {Pod(1)}, .freed_slots = {7}, .freed_addresses = {}})); }

  std::string Text() { return Must(ReadWholeFile(store_.journal_path())); }
  static std::vector<uint32_t> Slots(const PodState& state) {
    std::vector<uint32_t> slots;
    for (const LocalPod& pod : state.pods) slots.push_back(pod.slot);
    return slots;
  }
};

TEST_F(Journal, ChangesComeBackInTheirOrderAndSoDoesWhatTheyFreed) {
  MustOk(store_.AppendAdd(Pod(7)));
  MustOk(store_.AppendAdd(Pod(2)));
  MustOk(store_.AppendRemove(2));
  MustOk(store_.AppendRemove(1));
  const PodState state = Must(Again().Load());
  EXPECT_THAT(state.pods, ElementsAre(Pod(7)));
  EXPECT_THAT(state.freed_slots, ElementsAre(2, 1));
  EXPECT_THAT(state.freed_addresses,
              ElementsAre(*Pod(2).ip4, *Pod(2).ip6, *Pod(1).ip4, *Pod(1).ip6));
}

TEST_F(Journal, OfBeforeTheLastSaveIsIgnored) {
  MustOk(store_.AppendAdd(Pod(2)));
  const std::string old = Text();
  MustOk(store_.Save({.pods = {Pod(3)}, .freed_slots = {}, .freed_addresses = {}}));
  // As if killed between the new pods.json and the new journal.
  MustOk(WriteFileDurably(store_.journal_path(), old));
  EXPECT_THAT(Slots(Must(Again().Load())), ElementsAre(3));
}

TEST_F(Journal, LastLineThatWasCutShortDidNotHappenWhereverTheCutIs) {
  MustOk(store_.AppendAdd(Pod(2)));
  const size_t before = Text().size();
  MustOk(store_.AppendAdd(Pod(3)));
  const std::string whole = Text();
  for (size_t length = before; length < whole.size(); ++length) {
    MustOk(WriteFileDurably(store_.journal_path(), whole.substr(0, length)));
    ASSERT_THAT(Slots(Must(Again().Load())), ElementsAre(1, 2)) << length;
  }
}

TEST_F(Journal, DamageInTheMiddleIsAnErrorExceptAfterAPowerFailure) {
  MustOk(store_.AppendAdd(Pod(2)));
  const std::string whole = Text();
  MustOk(WriteFileDurably(store_.journal_path(), whole + std::string(64, '\0') + "\n" + whole));
  const absl::Status status = Again().Load().status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(store_.journal_path() + " is damaged (line 3"));
  EXPECT_THAT(Slots(Must(Again("boot 2").Load())), ElementsAre(1, 2));
}

TEST_F(Journal, AsksForASaveWhenItIsLongAndWhenThereIsNone) {
  EXPECT_FALSE(store_.NeedsSave());
  for (size_t i = 0; i < PodStore::kLongestJournal / 2; ++i) {
    MustOk(store_.AppendAdd(Pod(9)));
    MustOk(store_.AppendRemove(9));
  }
  EXPECT_TRUE(store_.NeedsSave());
  PodStore again = Again();
  MustOk(again.Load().status());
  EXPECT_TRUE(again.NeedsSave());
  EXPECT_FALSE(again.AppendRemove(1).ok());
}

TEST_F(Journal, IsForTheOwnerOnly) { EXPECT_EQ(ModeOf(store_.journal_path()), 0600u); }

TEST_F(Journal, PodsOfAVersionWithoutOneAreRead) {
  std::string text = Must(ReadWholeFile(store_.path()));
  text.replace(text.find("\"version\": 2"), 12, "\"version\": 1");
  text.replace(text.find("\"journal\""), 9, "\"nothing\"");
  MustOk(WriteFileDurably(store_.path(), text));
  EXPECT_THAT(Slots(Must(Again().Load())), ElementsAre(1));
}

struct Damage {
  const char* name;
  const char* find;
  const char* replace;
};
void PrintTo(const Damage& damage, std::ostream* os) { *os << damage.name; }

class DamagedStore : public Store, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedStore, IsRefused) {
  ASSERT_TRUE(
      store_.Save({.pods = {Pod(1), Pod(2)}, .freed_slots = {}, .freed_addresses = {}}).ok());
  std::string text = Must(ReadWholeFile(store_.path()));
  const size_t at = text.find(GetParam().find);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string(GetParam().find).size(), GetParam().replace);
  MustOk(WriteFileDurably(store_.path(), text));
  EXPECT_TRUE(absl::IsDataLoss(store_.Load().status()));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DamagedStore,
    ::testing::Values(Damage{"SlotTwice", "\"slot\": 2", "\"slot\": 1"},
                      Damage{"SlotBeyondTheLast", "\"slot\": 2", "\"slot\": 4096"},
                      Damage{"AddressTwice", "10.1.0.3", "10.1.0.2"},
                      Damage{"AddressOfTheOtherFamily", "10.1.0.3", "fd00::77"},
                      Damage{"NoAddress", "10.1.0.3", "10.1.0.300"},
                      Damage{"NoMac", "02:01:02:03:04:02", "02:01"},
                      Damage{"WrongType", "\"mtu\": 1450", "\"mtu\": \"1450\""},
                      Damage{"NoSuchPort", "\"hostPort\": 8080", "\"hostPort\": 65616"},
                      Damage{"NoPort", "\"containerPort\": 80", "\"containerPort\": 0"},
                      Damage{"ProtocolWithoutPorts", "\"udp\"", "\"icmp\""},
                      Damage{"HostAddressWithoutForm", "fd00:77::1", "fd00:77::x"},
                      Damage{"MissingMember", "containerID", "container"},
                      Damage{"NewerVersion", "\"version\": 2", "\"version\": 3"}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace fairlead::testing

// SPDX-License-Identifier: Apache-2.0
#include "loader/attach/hook_links.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "loader/attach/hook_check.h"
#include "loader/attach/tcx.h"
#include "loader/attach/xdp.h"
#include "loader/netlink/links.h"
#include "loader/netlink/xdp_features.h"

namespace fairlead::attach {
namespace {

// A node of its own: a scratch network namespace, a veth pair, a bpffs.
class HooksOnADevice : public ::testing::TestWithParam<Mechanism> {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "needs root";
    absl::StatusOr<NetlinkSocket> netlink = NetlinkSocket::Open();
    ASSERT_TRUE(netlink.ok()) << netlink.status();
    netlink_.emplace(*std::move(netlink));
    ASSERT_TRUE(CreateVeth(*netlink_, {.host_name = "up0",
                                       .host_index = kDevice,
                                       .host_mac = {2, 0, 0, 0, 0, 1},
                                       .peer_name = "up1",
                                       .peer_mac = {2, 0, 0, 0, 0, 2}})
                    .ok());
    char directory[] = "/tmp/fairlead-links-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
    ASSERT_EQ(mount("bpf", directory, "bpf", 0, "mode=0700"), 0);
    const absl::StatusOr<MapSet> maps = MapSet::Create(
        {.flows = 64, .half_open_buckets = 16, .services = 4, .runs = 4, .backends = 4}, "");
    ASSERT_TRUE(maps.ok()) << maps.status();
    absl::StatusOr<Programs> programs = Programs::Load(*maps, {});
    ASSERT_TRUE(programs.ok()) << programs.status();
    programs_.emplace(*std::move(programs));
  }
  void TearDown() override {
    umount2(directory_.c_str(), MNT_DETACH);
    rmdir(directory_.c_str());
  }

  static constexpr uint32_t kDevice = 77;
  std::optional<NetlinkSocket> netlink_;
  std::optional<Programs> programs_;
  std::string directory_;
};

TEST_P(HooksOnADevice, AreListedWhileAttachedAndGoWhenDetached) {
  const HookLinks links(directory_, *programs_, GetParam());
  ASSERT_TRUE(links.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  ASSERT_TRUE(links.Attach(HOOK_TO_NETWORK, kDevice).ok());
  const std::vector<HookOnDevice> both = {{HOOK_FROM_NETWORK, kDevice}, {HOOK_TO_NETWORK, kDevice}};
  EXPECT_EQ(*ListHooks(directory_), both);
  for (const HookOnDevice& where : both) EXPECT_TRUE(Detach(directory_, where).ok());
  EXPECT_TRUE(ListHooks(directory_)->empty());
}

TEST_P(HooksOnADevice, ThatSomebodyHasRemovedAreMissedAndCanBeAttachedAgain) {
  const HookLinks links(directory_, *programs_, GetParam());
  EXPECT_FALSE(*links.IsAttached(HOOK_FROM_NETWORK, kDevice));
  ASSERT_TRUE(links.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  EXPECT_TRUE(*links.IsAttached(HOOK_FROM_NETWORK, kDevice));
  if (GetParam() == Mechanism::kTcx) {
    const std::string pin = fmt::format("{}/from_network_{}_v6", directory_, kDevice);
    const UniqueFd link(bpf_obj_get(pin.c_str()));
    ASSERT_EQ(bpf_link_detach(link.get()), 0);
  } else {
    bpf_tc_hook qdisc{};
    qdisc.sz = sizeof(qdisc);
    qdisc.ifindex = kDevice;
    qdisc.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
    ASSERT_EQ(bpf_tc_hook_destroy(&qdisc), 0);
  }
  EXPECT_FALSE(*links.IsAttached(HOOK_FROM_NETWORK, kDevice));
  ASSERT_TRUE(links.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  EXPECT_TRUE(*links.IsAttached(HOOK_FROM_NETWORK, kDevice));
}

TEST_P(HooksOnADevice, AttachingAgainSwapsTheProgramInPlace) {
  const HookLinks links(directory_, *programs_, GetParam());
  ASSERT_TRUE(links.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  EXPECT_TRUE(links.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  EXPECT_EQ(ListHooks(directory_)->size(), 1U);
}

TEST_P(HooksOnADevice, ADeviceThatIsGoneCanBeDetachedAndItsIndexReused) {
  const HookLinks links(directory_, *programs_, GetParam());
  ASSERT_TRUE(links.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  ASSERT_TRUE(DeleteLink(*netlink_, kDevice).ok());
  ASSERT_TRUE(CreateVeth(*netlink_, {.host_name = "up0",
                                     .host_index = kDevice,
                                     .host_mac = {2, 0, 0, 0, 0, 1},
                                     .peer_name = "up1",
                                     .peer_mac = {2, 0, 0, 0, 0, 2}})
                  .ok());
  EXPECT_TRUE(links.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  EXPECT_TRUE(Detach(directory_, {HOOK_FROM_NETWORK, kDevice}).ok());
}

TEST_P(HooksOnADevice, ADeviceThatDoesNotExistIsNamedInTheError) {
  const HookLinks links(directory_, *programs_, GetParam());
  const absl::Status status = links.Attach(HOOK_FROM_POD, 4711);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(std::string(status.message()).find("from_pod on device 4711"), std::string::npos);
}

TEST_P(HooksOnADevice, ChangingTheMechanismLeavesNothingOfTheOther) {
  const Mechanism other = GetParam() == Mechanism::kTcx ? Mechanism::kClsact : Mechanism::kTcx;
  ASSERT_TRUE(HookLinks(directory_, *programs_, other).Attach(HOOK_FROM_NETWORK, kDevice).ok());
  ASSERT_TRUE(
      HookLinks(directory_, *programs_, GetParam()).Attach(HOOK_FROM_NETWORK, kDevice).ok());
  int clsact_marks = 0;
  int links = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const std::string name = entry.path().filename();
    clsact_marks += name.starts_with("clsact_") ? 1 : 0;
    links += name.starts_with("from_network") ? 1 : 0;
  }
  EXPECT_EQ(clsact_marks, GetParam() == Mechanism::kClsact ? 2 : 0);
  EXPECT_EQ(links, GetParam() == Mechanism::kTcx ? 2 : 0);
}

TEST_P(HooksOnADevice, CheckIsContentWithOurProgramsAlone) {
  const HookLinks links(directory_, *programs_, GetParam());
  ASSERT_TRUE(links.Attach(HOOK_FROM_POD, kDevice).ok());
  ASSERT_TRUE(links.Attach(HOOK_TO_POD, kDevice).ok());
  EXPECT_EQ(links.Check(HOOK_FROM_POD, kDevice, "up0"), absl::OkStatus());
  EXPECT_EQ(links.Check(HOOK_TO_POD, kDevice, "up0"), absl::OkStatus());
}

TEST_P(HooksOnADevice, CheckFindsAMissingProgram) {
  const HookLinks links(directory_, *programs_, GetParam());
  ASSERT_TRUE(links.Attach(HOOK_FROM_POD, kDevice).ok());
  ASSERT_TRUE(Detach(directory_, {HOOK_FROM_POD, kDevice}).ok());
  const absl::Status status = links.Check(HOOK_FROM_POD, kDevice, "up0");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_NE(status.message().find("from_pod on up0"), std::string::npos) << status;
}

TEST_P(HooksOnADevice, CheckFindsAForeignProgram) {
  const HookLinks links(directory_, *programs_, GetParam());
  ASSERT_TRUE(links.Attach(HOOK_FROM_POD, kDevice).ok());
  // Somebody else's, as far as this hook is concerned.
  const int foreign = programs_->fd(HOOK_FROM_NETWORK, Family::kIpv4);
  UniqueFd link;
  if (GetParam() == Mechanism::kTcx) {
    absl::StatusOr<UniqueFd> created = CreateTcxLink(foreign, kDevice, /*ingress=*/true);
    ASSERT_TRUE(created.ok()) << created.status();
    link = *std::move(created);
  } else {
    bpf_tc_hook hook{};
    hook.sz = sizeof(hook);
    hook.ifindex = static_cast<int>(kDevice);
    hook.attach_point = BPF_TC_INGRESS;
    bpf_tc_opts options{};
    options.sz = sizeof(options);
    options.prog_fd = foreign;
    ASSERT_EQ(bpf_tc_attach(&hook, &options), 0);
  }
  const absl::Status status = links.Check(HOOK_FROM_POD, kDevice, "up0");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_NE(status.message().find("foreign program, from_network"), std::string::npos) << status;
}

TEST_P(HooksOnADevice, AnotherLayoutsAreTakenOverInPlaceAndTheRestGoes) {
  const std::string before = directory_ + "/before", now = directory_ + "/now";
  ASSERT_EQ(mkdir(before.c_str(), 0700), 0);
  ASSERT_EQ(mkdir(now.c_str(), 0700), 0);
  const HookLinks theirs(before, *programs_, GetParam()), ours(now, *programs_, GetParam());
  ASSERT_TRUE(theirs.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  ASSERT_TRUE(Inherit(before, now).ok());
  ASSERT_TRUE(ours.Attach(HOOK_FROM_NETWORK, kDevice).ok());
  // Of a run that did not know of the one before.
  ASSERT_TRUE(theirs.Attach(HOOK_TO_NETWORK, kDevice).ok());
  ASSERT_TRUE(Forsake(before, now).ok());
  EXPECT_EQ(ListAttached(kDevice, /*ingress=*/true, GetParam())->size(), 2U);
  EXPECT_EQ(ListAttached(kDevice, /*ingress=*/false, GetParam())->size(), 0U);
  EXPECT_TRUE(*ours.IsAttached(HOOK_FROM_NETWORK, kDevice));
  EXPECT_TRUE(ListHooks(before)->empty());
}

TEST_P(HooksOnADevice, TheKernelIsAskedWhatItCan) {
  const absl::StatusOr<Mechanism> mechanism =
      ProbeMechanism(programs_->fd(HOOK_TO_NETWORK, Family::kIpv4));
  EXPECT_TRUE(mechanism.ok()) << mechanism.status();
}

// from_wire's way, whatever the mechanism of the others is.
class XdpOnADevice : public HooksOnADevice {
 protected:
  std::string Pin() const { return PinOf(directory_, {HOOK_FROM_WIRE, kDevice}, Family::kIpv4); }
  int Program() const { return programs_->fd(HOOK_FROM_WIRE, Family::kIpv4); }
};

TEST_P(XdpOnADevice, IsListedSwappedInPlaceAndDetachedByItsPin) {
  EXPECT_EQ(XdpMode(kDevice), "");
  EXPECT_FALSE(IsXdpAttached(Program(), kDevice, Pin()));
  for (const bool native : {true, true, false}) {
    ASSERT_EQ(AttachXdp(Program(), kDevice, native, Pin()), absl::OkStatus());
    EXPECT_EQ(XdpMode(kDevice), native ? "native" : "generic");
    EXPECT_TRUE(IsXdpAttached(Program(), kDevice, Pin()));
  }
  const std::vector<HookOnDevice> one = {{HOOK_FROM_WIRE, kDevice}};
  EXPECT_EQ(*ListHooks(directory_), one);
  EXPECT_TRUE(Detach(directory_, one.front()).ok());
  EXPECT_EQ(XdpMode(kDevice), "");
  EXPECT_TRUE(ListHooks(directory_)->empty());
}

TEST_P(XdpOnADevice, LeavesAnothersProgramAlone) {
  const absl::StatusOr<UniqueFd> foreign = CreateXdpLink(Program(), kDevice, /*native=*/true);
  ASSERT_TRUE(foreign.ok()) << foreign.status();
  for (const bool native : {true, false}) {
    EXPECT_TRUE(absl::IsAlreadyExists(AttachXdp(Program(), kDevice, native, Pin())));
  }
  EXPECT_EQ(XdpMode(kDevice), "native");
}

TEST_P(XdpOnADevice, AnotherLayoutsIsTakenOver) {
  const std::string before = directory_ + "/before";
  ASSERT_EQ(mkdir(before.c_str(), 0700), 0);
  const HookOnDevice where = {HOOK_FROM_WIRE, kDevice};
  const std::string old_pin = PinOf(before, where, Family::kIpv4);
  ASSERT_EQ(AttachXdp(Program(), kDevice, /*native=*/true, old_pin), absl::OkStatus());
  ASSERT_TRUE(absl::IsAlreadyExists(AttachXdp(Program(), kDevice, /*native=*/true, Pin())));
  ASSERT_TRUE(Inherit(before, directory_).ok());
  EXPECT_EQ(AttachXdp(Program(), kDevice, /*native=*/true, Pin()), absl::OkStatus());
  ASSERT_TRUE(Forsake(before, directory_).ok());
  EXPECT_TRUE(IsXdpAttached(Program(), kDevice, Pin()));
  EXPECT_TRUE(ListHooks(before)->empty());
}

TEST_P(XdpOnADevice, AVethSendsOnceItsOtherEndRunsAProgramToo) {
  const std::optional<Link> other = *FindLink(*netlink_, "up1");
  EXPECT_TRUE(ReadXdpFeatures(kDevice)->runs_programs);
  EXPECT_FALSE(ReadXdpFeatures(kDevice)->sends);
  const absl::StatusOr<UniqueFd> there = CreateXdpLink(Program(), other->index, /*native=*/true);
  ASSERT_TRUE(there.ok()) << there.status();
  EXPECT_TRUE(ReadXdpFeatures(kDevice)->sends);
  EXPECT_FALSE(ReadXdpFeatures(1)->runs_programs);  // the loopback device
}

INSTANTIATE_TEST_SUITE_P(Tcx, XdpOnADevice, ::testing::Values(Mechanism::kTcx));

INSTANTIATE_TEST_SUITE_P(BothMechanisms, HooksOnADevice,
                         ::testing::Values(Mechanism::kTcx, Mechanism::kClsact),
                         [](const auto& mechanism) {
                           return mechanism.param == Mechanism::kTcx ? "Tcx" : "Clsact";
                         });

}  // namespace
}  // namespace fairlead::attach

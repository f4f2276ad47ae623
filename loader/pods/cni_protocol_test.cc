// SPDX-License-Identifier: Apache-2.0
//
// Both sides understand each other, and nonsense is refused with a reason.
#include "loader/pods/cni_protocol.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <set>
#include <string>

#include "loader/netlink/scratch_netns.h"
#include "loader/pods/attachment_list.h"

namespace fairlead::testing {
namespace {

TEST(CniProtocol, RequestComesOverAsItWas) {
  const CniRequest request{.command = CniCommand::kAdd,
                           .pod = {.container_id = "c1",
                                   .interface_name = "eth0",
                                   .name_space = "shop",
                                   .name = "web",
                                   .uid = "42",
                                   .port_mappings = {{Protocol::kUdp, 53, 5353, std::nullopt}},
                                   .network = "fairlead",
                                   .ip4 = Must(IpAddress::Parse("10.1.0.1")),
                                   .ip6 = Must(IpAddress::Parse("fd00::1")),
                                   .mac = MacAddress{2, 0, 0, 0, 0, 9}}};
  const CniRequest got = Must(DecodeRequest(EncodeRequest(request)));
  EXPECT_EQ(got.command, request.command);
  EXPECT_EQ(got.pod, request.pod);
}

TEST(CniProtocol, WhatCheckExpectsComesOverAsItWas) {
  CniRequest request{.command = CniCommand::kCheck};
  request.pod.container_id = "c1";
  request.pod.interface_name = "eth0";
  request.expected = {.addresses = {Must(IpAddress::Parse("10.1.0.1"))},
                      .default_routes = {Family::kIpv4, Family::kIpv6},
                      .mac = MacAddress{2, 0, 0, 0, 0, 9}};
  EXPECT_EQ(Must(DecodeRequest(EncodeRequest(request))).expected, request.expected);
}

TEST(CniProtocol, PluginOfBeforeAnUpgradeIsUnderstood) {
  const CniRequest got = Must(DecodeRequest(
      R"({"command": "ADD", "containerID": "c1", "interface": "eth0", "namespace": "shop",
          "name": "web", "uid": "42"})"));
  EXPECT_EQ(got.pod.network, "");
  EXPECT_TRUE(got.pod.port_mappings.empty());
}

TEST(AttachmentList, ComesOverInASealedFile) {
  const UniqueFd list = Must(SealAttachmentList(R"([["c1", "eth0"], ["c2", "net1"]])"));
  EXPECT_EQ(Must(ReadAttachmentList(list.get())),
            (std::set<AttachmentId>{{"c1", "eth0"}, {"c2", "net1"}}));
}

TEST(AttachmentList, WhatCouldChangeOrBlockOrIsNoListIsRefused) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const UniqueFd reader(pipe[0]);
  const UniqueFd writer(pipe[1]);
  const UniqueFd unsealed(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  for (const int fd : {reader.get(), unsealed.get(), -1}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadAttachmentList(fd).status()));
  }
  for (const char* text : {"", "{}", "[1]", R"([["c1"]])", R"([["c1", 2]])"}) {
    const UniqueFd list = Must(SealAttachmentList(text));
    EXPECT_TRUE(absl::IsInvalidArgument(ReadAttachmentList(list.get()).status())) << text;
  }
  const UniqueFd huge = Must(SealAttachmentList(std::string(kLongestAttachmentList + 1, ' ')));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadAttachmentList(huge.get()).status()));
}

TEST(CniProtocol, StatusNeedsNoNames) {
  EXPECT_EQ(Must(DecodeRequest(EncodeRequest({}))).command, CniCommand::kStatus);
}

TEST(CniProtocol, ReplyComesOverAsItWas) {
  CniReply reply;
  reply.attachment = CniAttachment{.host_device = "fl00001",
                                   .mac = {2, 0, 0, 0, 0, 9},
                                   .mtu = 1450,
                                   .ip4 = Must(IpAddress::Parse("10.1.0.1")),
                                   .ip6 = Must(IpAddress::Parse("fd00::1"))};
  const CniReply got = Must(DecodeReply(EncodeReply(reply)));
  ASSERT_TRUE(got.attachment.has_value());
  EXPECT_FALSE(got.error.has_value());
  EXPECT_EQ(got.attachment->host_device, "fl00001");
  EXPECT_EQ(got.attachment->mac, reply.attachment->mac);
  EXPECT_EQ(got.attachment->mtu, 1450u);
  EXPECT_EQ(got.attachment->ip4, reply.attachment->ip4);
  EXPECT_EQ(got.attachment->ip6, reply.attachment->ip6);
}

TEST(CniProtocol, ErrorComesOverEvenIfItsTextIsNotUtf8) {
  CniReply reply;
  reply.error = CniError{
      .code = CniCode::kExhausted, .message = "no address", .details = "bad byte \xff here"};
  const CniReply got = Must(DecodeReply(EncodeReply(reply)));
  ASSERT_TRUE(got.error.has_value());
  EXPECT_EQ(got.error->code, CniCode::kExhausted);
  EXPECT_EQ(got.error->message, "no address");
}

TEST(CniProtocol, NonsenseIsRefused) {
  for (
      const char* text :
      {"", "{", "[]", "null", "{}", R"({"command": 1})", R"({"command": "FLY"})",
       R"({"command": "ADD"})",
       R"({"command":"ADD","containerID":"../x","interface":"eth0","namespace":"","name":"","uid":""})",
       R"({"command":"ADD","containerID":"x","interface":"a/b","namespace":"","name":"","uid":""})"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodeRequest(text).status())) << text;
  }
}

TEST(CniNames, ContainerIdsFollowTheSpecification) {
  for (const char* good : {"a", "0", "3f2a", "A.b_c-d"}) {
    EXPECT_TRUE(CheckContainerId(good).ok()) << good;
  }
  for (const std::string& bad : {std::string(), std::string("-a"), std::string(".a"),
                                 std::string("a/b"), std::string("a b"), std::string(254, 'a')}) {
    EXPECT_FALSE(CheckContainerId(bad).ok()) << bad;
  }
}

TEST(CniNames, InterfaceNamesFollowTheKernel) {
  for (const char* good : {"eth0", "net1.100", "fifteen-letters"}) {
    EXPECT_TRUE(CheckInterfaceName(good).ok()) << good;
  }
  for (const char* bad :
       {"", ".", "..", "a/b", "a:b", "a b", "a\tb", "sixteen-letters!", "\xc3\xa9"}) {
    EXPECT_FALSE(CheckInterfaceName(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace fairlead::testing

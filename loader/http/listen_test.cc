// SPDX-License-Identifier: Apache-2.0
//
// A bind address as kube-proxy's flags take it.
#include "loader/http/listen.h"

#include <gtest/gtest.h>

namespace fairlead::http {
namespace {

std::string Parsed(std::string_view text) {
  const auto address = ParseBindAddress(text, 10256);
  if (!address.ok()) return "error";
  return address->has_value() ? (*address)->ToString() : "nowhere";
}

TEST(BindAddress, IsAnAddressWithAPort) {
  EXPECT_EQ(Parsed("127.0.0.1:80"), "127.0.0.1:80");
  EXPECT_EQ(Parsed("[::]:10256"), "[::]:10256");
  EXPECT_EQ(Parsed("[fd00::1]:1"), "[fd00::1]:1");
}

TEST(BindAddress, MayLeaveThePortOut) {
  EXPECT_EQ(Parsed("0.0.0.0"), "0.0.0.0:10256");
  EXPECT_EQ(Parsed("::"), "[::]:10256");
}

TEST(BindAddress, EmptyOrZeroIsNowhere) {
  EXPECT_EQ(Parsed(""), "nowhere");
  EXPECT_EQ(Parsed("0"), "nowhere");
}

TEST(BindAddress, IsRefusedWhenItIsNone) {
  for (const char* text : {"localhost:80", ":80", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536",
                           "1.2.3.4:80x", "fd00::g:80", "[::]", "[::]:", "10256"}) {
    EXPECT_EQ(Parsed(text), "error") << text;
  }
}

}  // namespace
}  // namespace fairlead::http

// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/sloppy_address.h"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::kube {
namespace {

struct Spelling {
  const char* name;
  std::string text;
  std::string expected;  // empty: refused
};

void PrintTo(const Spelling& spelling, std::ostream* os) { *os << '"' << spelling.text << '"'; }

template <typename T>
std::string NameOf(const ::testing::TestParamInfo<T>& info) {
  return info.param.name;
}

class AddressSpelling : public ::testing::TestWithParam<Spelling> {};

TEST_P(AddressSpelling, MeansOneAddressOrIsRefused) {
  const auto address = ParseAddressSloppily(GetParam().text);
  EXPECT_EQ(address.ok() ? address->ToString() : "", GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, AddressSpelling,
    ::testing::Values(Spelling{"Plain", "10.0.0.1", "10.0.0.1"},
                      Spelling{"LeadingZerosAreDecimal", "010.020.003.010", "10.20.3.10"},
                      Spelling{"ManyZeros", "0000.0.00.0001", "0.0.0.1"},
                      Spelling{"Ipv6", "FD00:0:0::1", "fd00::1"},
                      Spelling{"MappedIsIpv4", "::ffff:10.0.0.1", "10.0.0.1"},
                      Spelling{"MappedInHexIsIpv4", "::ffff:a00:1", "10.0.0.1"},
                      Spelling{"MappedWithZeros", "::ffff:010.000.000.001", "10.0.0.1"},
                      Spelling{"Empty", "", ""}, Spelling{"TooFewParts", "10.0.1", ""},
                      Spelling{"TooLarge", "10.0.0.0256", ""},
                      Spelling{"DotAtEnd", "10.0.0.1.", ""}, Spelling{"OnlyDots", "...", ""},
                      Spelling{"Zone", "fe80::1%eth0", ""}, Spelling{"Blank", " 10.0.0.1", ""},
                      Spelling{"HiddenEnd", std::string("10.0.0.1\0.2", 11), ""}),
    NameOf<Spelling>);

class BlockSpelling : public ::testing::TestWithParam<Spelling> {};

TEST_P(BlockSpelling, MeansOneBlockOrIsRefused) {
  const auto block = ParseCidrSloppily(GetParam().text);
  EXPECT_EQ(block.ok() ? block->ToString() : "", GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Blocks, BlockSpelling,
    ::testing::Values(Spelling{"Plain", "10.0.0.0/8", "10.0.0.0/8"},
                      Spelling{"HostBitsAreMasked", "10.1.2.3/16", "10.1.0.0/16"},
                      Spelling{"LeadingZeros", "203.0.113.000/025", "203.0.113.0/25"},
                      Spelling{"BlanksAround", " 203.0.113.0/25\t", "203.0.113.0/25"},
                      Spelling{"Everything", "0.0.0.0/0", "0.0.0.0/0"},
                      Spelling{"Ipv6", "fd00:1::/64", "fd00:1::/64"},
                      Spelling{"MappedIsIpv4", "::ffff:10.0.0.0/104", "10.0.0.0/8"},
                      Spelling{"MappedButWider", "::ffff:10.0.0.0/90", ""},
                      Spelling{"NoLength", "10.0.0.0", ""},
                      Spelling{"EmptyLength", "10.0.0.0/", ""},
                      Spelling{"TooLong", "10.0.0.0/33", ""},
                      Spelling{"FarTooLong", "10.0.0.0/99999999999999999999", ""},
                      Spelling{"Negative", "10.0.0.0/-1", ""}, Spelling{"Empty", "", ""}),
    NameOf<Spelling>);

}  // namespace
}  // namespace fairlead::kube

// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <gtest/gtest.h>

namespace fairlead {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  EXPECT_EQ(Printable(""), "");
  EXPECT_EQ(Printable("Service shop/web: \"a\\b\" – größer als €, 🙂"),
            "Service shop/web: \"a\\b\" – größer als €, 🙂");
}

TEST(Printable, EscapesControls) {
  EXPECT_EQ(Printable("a\nb\tc\rd\x1b[2J\x7f"), "a\\nb\\tc\\x0dd\\x1b[2J\\x7f");
  EXPECT_EQ(Printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(Printable("\xc2\x9b[2J"), "\\xc2\\x9b[2J") << "CSI of C1";
}

TEST(Printable, EscapesWhatIsNoUtf8) {
  EXPECT_EQ(Printable("\x9b"), "\\x9b");
  EXPECT_EQ(Printable("\xc3"), "\\xc3") << "cut short";
  EXPECT_EQ(Printable("\xc3("), "\\xc3(");
  EXPECT_EQ(Printable("\xc0\x8a"), "\\xc0\\x8a") << "a newline in two bytes";
  EXPECT_EQ(Printable("\xe0\x80\x8a"), "\\xe0\\x80\\x8a") << "in three";
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(Printable("123456", 6), "123456");
  EXPECT_EQ(Printable("1234567", 6), "123…");
  EXPECT_EQ(Printable("12€€€", 8), "12€…");
  EXPECT_EQ(Printable("1\n\n\n\n", 8), "1\\n\\n…");
  EXPECT_LE(Printable(std::string(1 << 18, '\x1b')).size(), kLongestPrintable);
}

}  // namespace
}  // namespace fairlead

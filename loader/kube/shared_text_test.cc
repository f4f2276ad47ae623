// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/shared_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace fairlead::kube {
namespace {

TEST(SharedText, SaysWhatItWasMadeOf) {
  EXPECT_EQ(SharedText().view(), "");
  EXPECT_TRUE(SharedText("").empty());
  const std::string zeros("a\0b", 3);
  EXPECT_EQ(SharedText(zeros).view(), zeros);
  EXPECT_EQ(SharedText("web"), "web");
  EXPECT_EQ(SharedText("web"), std::string("web"));
  EXPECT_FALSE(SharedText("web") == "we");
}

TEST(SharedText, EqualTextsAreOneInMemory) {
  const std::string name = "node-of-this-test";
  const SharedText a(name);
  const SharedText b(name);
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.view().data(), b.view().data());
  EXPECT_FALSE(a == SharedText("another"));
}

TEST(SharedText, OutlivesWhomItWasCopiedFrom) {
  std::optional<SharedText> first("a text of this test");
  SharedText copy = *first;
  first.reset();
  SharedText moved = std::move(copy);
  EXPECT_EQ(moved, "a text of this test");
  moved = moved;
  EXPECT_EQ(moved, "a text of this test");
  moved = SharedText("other");
  EXPECT_EQ(moved, "other");
}

TEST(SharedText, IsOrderedByItsText) {
  EXPECT_LT(SharedText(), SharedText("a"));
  EXPECT_LT(SharedText("a"), SharedText("ab"));
  EXPECT_GT(SharedText("b"), SharedText("ab"));
}

TEST(SharedText, WhatNobodyHasAnyMoreIsForgotten) {
  const SharedText kept("kept");
  const char* const place = kept.view().data();
  const size_t before = SharedText::CountAll();
  for (int i = 0; i < 100'000; ++i) SharedText(std::to_string(i));
  EXPECT_LT(SharedText::CountAll(), before + before / 4 + 2048);
  EXPECT_EQ(SharedText("kept").view().data(), place);
}

TEST(SharedText, MayBeMadeAndLeftByThreadsAtATime) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([] {
      for (int i = 0; i < 20'000; ++i) {
        const SharedText text(std::to_string(i));
        const SharedText copy = text;
        ASSERT_EQ(copy, std::to_string(i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace fairlead::kube

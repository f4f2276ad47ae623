// SPDX-License-Identifier: Apache-2.0
//
// Promise: what the BPF compiler made of a layout and what the C++ compiler made
// of it are the same, field by field, in every object that ships; and a layout
// that differs is refused by the name of its field.
#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "loader/kernel/bpf_object.h"
#include "loader/kernel/embedded_objects.h"
#include "maps/layout.h"

namespace fairlead {
namespace {

using ::testing::HasSubstr;

class ShippedObject : public ::testing::TestWithParam<size_t> {};

TEST_P(ShippedObject, HasTheLayoutsOfCpp) {
  const EmbeddedObject& embedded = EmbeddedObjects()[GetParam()];
  const absl::StatusOr<BpfObject> object = BpfObject::Open(embedded.name, embedded.elf);
  ASSERT_TRUE(object.ok()) << object.status();
  const btf* types = bpf_object__btf(object->get());
  ASSERT_NE(types, nullptr);
  int compared = 0;
  for (const StructLayout& layout : StructLayouts()) {
    const absl::Status status = CheckLayout(types, layout);
    // An object has the types that it uses.
    if (absl::IsNotFound(status)) continue;
    EXPECT_TRUE(status.ok()) << status;
    ++compared;
  }
  EXPECT_GE(compared, 5);
}

std::string NameOf(const ::testing::TestParamInfo<size_t>& info) {
  const EmbeddedObject& embedded = EmbeddedObjects()[info.param];
  return std::string(embedded.name) + "_" + FamilyName(embedded.family);
}

INSTANTIATE_TEST_SUITE_P(Every, ShippedObject,
                         ::testing::Range(size_t{0}, EmbeddedObjects().size()), NameOf);

class ChangedLayout : public ::testing::Test {
 protected:
  void SetUp() override {
    const EmbeddedObject& embedded = EmbeddedObjects()[0];
    absl::StatusOr<BpfObject> object = BpfObject::Open(embedded.name, embedded.elf);
    ASSERT_TRUE(object.ok()) << object.status();
    object_ = *std::move(object);
    const auto& all = StructLayouts();
    layout_ = *std::ranges::find_if(
        all, [](const StructLayout& layout) { return std::string(layout.name) == "service"; });
  }
  absl::Status Check() const { return CheckLayout(bpf_object__btf(object_.get()), layout_); }

  BpfObject object_;
  StructLayout layout_;
};

TEST_F(ChangedLayout, IsRefusedByTheFieldThatMoved) {
  ASSERT_TRUE(Check().ok()) << Check();
  layout_.fields.at(1).offset += 4;
  EXPECT_TRUE(absl::IsFailedPrecondition(Check()));
  EXPECT_THAT(std::string(Check().message()), HasSubstr("service.flags"));
}

TEST_F(ChangedLayout, IsRefusedByAFieldThatIsMissing) {
  layout_.fields.push_back({"weight", 16});
  EXPECT_TRUE(absl::IsFailedPrecondition(Check()));
  EXPECT_THAT(std::string(Check().message()), HasSubstr("service.weight"));
}

TEST_F(ChangedLayout, IsRefusedByAnotherSize) {
  layout_.size += 8;
  EXPECT_TRUE(absl::IsFailedPrecondition(Check()));
  EXPECT_THAT(std::string(Check().message()), HasSubstr("struct service"));
}

}  // namespace
}  // namespace fairlead

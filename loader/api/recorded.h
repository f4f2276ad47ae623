// SPDX-License-Identifier: Apache-2.0
//
// For tests: what a kube-apiserver has answered once (tests/fixtures/apiserver).
#ifndef FAIRLEAD_LOADER_API_RECORDED_H_
#define FAIRLEAD_LOADER_API_RECORDED_H_

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace fairlead::api {

// The body of the answer; those with a header have the suffix .http.
inline std::string Recorded(const std::string& file) {
  std::ifstream stream(std::string(FAIRLEAD_FIXTURES) + "/apiserver/" + file);
  EXPECT_TRUE(stream.good()) << file;
  std::string text((std::istreambuf_iterator<char>(stream)), {});
  if (!file.ends_with(".http")) return text;
  return text.substr(text.find("\r\n\r\n") + 4);
}

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_RECORDED_H_

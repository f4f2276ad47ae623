// SPDX-License-Identifier: Apache-2.0
//
// The continue token of a paged list: base64 of {"v","rv","start"}, as a
// kube-apiserver writes it. Clients must not look into it; ours is the same all
// the same, so that tests see the real size and letters.
#ifndef FAIRLEAD_TESTS_APISERVER_CONTINUE_TOKEN_H_
#define FAIRLEAD_TESTS_APISERVER_CONTINUE_TOKEN_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tests/apiserver/store.h"

namespace fairlead::apiserver {

struct ContinueToken {
  // The version of the first page; none: what is there now (rv -1).
  std::optional<Version> version;
  std::string last_key;  // of the page before
};

std::string Encode(const ContinueToken& token);
// InvalidArgument in the words of Go.
absl::StatusOr<ContinueToken> DecodeContinue(std::string_view text);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_CONTINUE_TOKEN_H_

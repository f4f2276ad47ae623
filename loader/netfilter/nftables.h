// SPDX-License-Identifier: Apache-2.0
//
// nftables through its own library (libnftables), in the network namespace of
// the thread that opens it. Commands are built from names that were checked,
// never from text that somebody else has chosen.
#ifndef FAIRLEAD_LOADER_NETFILTER_NFTABLES_H_
#define FAIRLEAD_LOADER_NETFILTER_NFTABLES_H_

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct nft_ctx;

namespace fairlead {

class Nftables {
 public:
  static absl::StatusOr<Nftables> Open();

  // All commands, or none: one transaction.
  absl::Status Run(const std::string& commands);
  // The elements of the answer to a `list` command. NotFound if the object is not there.
  absl::StatusOr<nlohmann::json> List(const std::string& command);

 private:
  struct Closer {
    void operator()(nft_ctx* context) const;
  };
  explicit Nftables(nft_ctx* context) : context_(context) {}

  std::unique_ptr<nft_ctx, Closer> context_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_NETFILTER_NFTABLES_H_

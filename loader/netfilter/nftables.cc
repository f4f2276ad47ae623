// SPDX-License-Identifier: Apache-2.0
#include "loader/netfilter/nftables.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <string_view>

#include "base/status_macros.h"

namespace fairlead {

using nlohmann::json;

namespace {

constexpr size_t kErrorShown = 300;  // of the library's text, which quotes whole commands

}  // namespace

void Nftables::Closer::operator()(nft_ctx* context) const { nft_ctx_free(context); }

absl::StatusOr<Nftables> Nftables::Open() {
  nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (context == nullptr) return absl::InternalError("open nftables");
  Nftables nftables(context);
  if (nft_ctx_buffer_output(context) != 0 || nft_ctx_buffer_error(context) != 0) {
    return absl::ResourceExhaustedError("buffer what nftables says");
  }
  nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE);
  return nftables;
}

absl::Status Nftables::Run(const std::string& commands) {
  if (nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) return absl::OkStatus();
  const std::string_view error = nft_ctx_get_error_buffer(context_.get());
  const std::string message = fmt::format(
      "nftables \"{}\": {}", commands.substr(0, commands.find('\n')), error.substr(0, kErrorShown));
  const bool absent = error.find("No such file or directory") != std::string_view::npos;
  return absent ? absl::NotFoundError(message) : absl::InternalError(message);
}

absl::StatusOr<json> Nftables::List(const std::string& command) {
  FL_RETURN_IF_ERROR(Run(command));
  const json answer = json::parse(nft_ctx_get_output_buffer(context_.get()), nullptr, false);
  if (!answer.is_object() || !answer.contains("nftables") || !answer["nftables"].is_array()) {
    return absl::InternalError(fmt::format("nftables \"{}\": not understood", command));
  }
  return answer["nftables"];
}

}  // namespace fairlead

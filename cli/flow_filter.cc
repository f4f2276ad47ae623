// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_filter.h"

#include <fmt/format.h>

#include <charconv>

#include "base/status_macros.h"

namespace fairlead::cli {
namespace {

template <typename Number>
std::optional<Number> ParseNumber(const std::string& text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

absl::Status Invalid(const char* option, const std::string& text, const char* wanted) {
  return absl::InvalidArgumentError(fmt::format("{} {}: not {}", option, text, wanted));
}

absl::StatusOr<uint8_t> ParseProtocol(const std::string& text) {
  for (const Protocol protocol :
       {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp, Protocol::kIcmp, Protocol::kIcmpv6}) {
    if (text == ProtocolName(static_cast<uint8_t>(protocol))) return static_cast<uint8_t>(protocol);
  }
  const std::optional<uint8_t> number = ParseNumber<uint8_t>(text);
  if (!number.has_value()) return Invalid("--protocol", text, "a protocol's name or number");
  return *number;
}

}  // namespace

absl::StatusOr<FlowFilter> FlowFilter::Make(const std::string& pod, const std::string& service,
                                            const std::string& protocol) {
  FlowFilter filter;
  if (!pod.empty()) {
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(pod);
    if (!address.ok()) return Invalid("--pod", pod, "an IP address");
    filter.pod_ = *address;
  }
  if (!service.empty()) {
    std::string host = service;
    // An IPv6 address with a port is in brackets; without a port it may be.
    const size_t colon = service.rfind(':');
    const bool bracketed = service.front() == '[';
    const bool has_port = bracketed ? colon != std::string::npos && service[colon - 1] == ']'
                                    : colon != std::string::npos && service.find(':') == colon;
    if (has_port) {
      filter.service_port_ = ParseNumber<uint16_t>(service.substr(colon + 1));
      if (!filter.service_port_.has_value()) return Invalid("--service", service, "IP[:PORT]");
      host = service.substr(0, colon);
    }
    if (bracketed && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(host);
    if (!address.ok()) return Invalid("--service", service, "IP[:PORT]");
    filter.service_ = *address;
  }
  if (!protocol.empty()) {
    FL_ASSIGN_OR_RETURN(filter.protocol_, ParseProtocol(protocol));
  }
  return filter;
}

bool FlowFilter::Matches(const FlowView& flow) const {
  if (protocol_.has_value() && *protocol_ != flow.protocol) return false;
  if (pod_.has_value() && *pod_ != flow.client.address && *pod_ != flow.backend.address) {
    return false;
  }
  if (service_.has_value() && *service_ != flow.frontend.address) return false;
  return !service_port_.has_value() || *service_port_ == flow.frontend.port;
}

}  // namespace fairlead::cli

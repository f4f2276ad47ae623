// SPDX-License-Identifier: Apache-2.0
//
// EndpointSlice: defaults and limits follow k8s.io/api/discovery/v1.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "loader/kube/parse.h"

namespace fairlead::kube {
namespace {

constexpr size_t kMostEndpoints = 1000;  // that a server takes

std::vector<std::string> ReadNames(const FieldReader& field) {
  std::vector<std::string> names;
  field.ForEachItem(
      [&](const FieldReader& item) { names.push_back(item.Field("name").RequiredText()); });
  return names;
}

// addresses[0], which must be of the slice's family.
IpAddress ReadAddress(const FieldReader& addresses, AddressType type) {
  IpAddress first;
  size_t count = 0;
  addresses.ForEachItem([&](const FieldReader& item) {
    if (count++ != 0) return;
    first = item.Address();
    const Family wanted = type == AddressType::kIpv4 ? Family::kIpv4 : Family::kIpv6;
    if (first.family() != wanted) {
      item.Fail(
          fmt::format("must be {} like addressType, is {}", FamilyName(wanted), first.ToString()));
    }
  });
  if (count == 0) addresses.Fail("must hold an address");
  return first;
}

// Those of a slice that have been read.
using KnownHints = std::map<EndpointHints, std::shared_ptr<const EndpointHints>>;

std::shared_ptr<const EndpointHints> ReadHints(const FieldReader& field, KnownHints& known) {
  if (!field.present()) return nullptr;
  EndpointHints hints{ReadNames(field.Field("forZones")), ReadNames(field.Field("forNodes"))};
  if (hints == EndpointHints()) return nullptr;
  std::shared_ptr<const EndpointHints>& shared = known[hints];
  if (shared == nullptr) shared = std::make_shared<const EndpointHints>(std::move(hints));
  return shared;
}

SliceEndpoint ReadEndpoint(const FieldReader& item, AddressType type, KnownHints& known_hints) {
  SliceEndpoint endpoint;
  endpoint.address = ReadAddress(item.Field("addresses"), type);
  const FieldReader conditions = item.Field("conditions");
  endpoint.ready = conditions.Field("ready").Bool(true);
  endpoint.serving = conditions.Field("serving").Bool(true);
  endpoint.terminating = conditions.Field("terminating").Bool(false);
  endpoint.node_name = item.Field("nodeName").View();
  endpoint.shared_hints = ReadHints(item.Field("hints"), known_hints);
  return endpoint;
}

}  // namespace

absl::StatusOr<EndpointSlice> ParseEndpointSlice(JsonValue object) {
  absl::Status error;
  const FieldReader root(object, error);
  EndpointSlice slice;
  slice.meta = ReadMeta(root, Kind::kEndpointSlice);
  const FieldReader type = root.Field("addressType");
  if (!type.present()) type.Fail("is required");
  slice.address_type = type.OneOf<AddressType>(
      {{"IPv4", AddressType::kIpv4}, {"IPv6", AddressType::kIpv6}, {"FQDN", AddressType::kFqdn}},
      AddressType::kIpv4);
  root.Field("ports").ForEachItem([&](const FieldReader& item) {
    SlicePort port;
    port.name = item.Field("name").View();
    port.protocol = item.Field("protocol").TransportProtocol();
    port.port = static_cast<uint16_t>(item.Field("port").Integer(0, 65535, 0));
    slice.ports.push_back(std::move(port));
  });
  if (slice.address_type != AddressType::kFqdn) {
    const FieldReader endpoints = root.Field("endpoints");
    slice.endpoints.reserve(std::min(endpoints.size(), kMostEndpoints));
    KnownHints known_hints;
    endpoints.ForEachItem([&](const FieldReader& item) {
      slice.endpoints.push_back(ReadEndpoint(item, slice.address_type, known_hints));
    });
  }
  FL_RETURN_IF_ERROR(error);
  return slice;
}

}  // namespace fairlead::kube

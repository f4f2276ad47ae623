// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/options.h"

#include <fmt/format.h>

#include <bit>
#include <tuple>

#include "base/ip.h"
#include "base/status_macros.h"
#include "loader/http/listen.h"
#include "loader/kube/sloppy_address.h"
#include "loader/plan/masquerade_ports.h"
#include "loader/plan/node_port_addresses.h"
#include "maps/abi/limits_abi.h"

namespace fairlead {

namespace {

constexpr uint32_t kLargestVni = (1U << 24) - 1;
constexpr uint32_t kSmallestMtu = 576;   // RFC 791
constexpr uint32_t kLargestMtu = 65535;  // of a veth pair

absl::Status ValidateMasquerade(const Options& options) {
  for (const auto& [flag, blocks] :
       {std::pair{"--non-masquerade-cidrs", &options.non_masquerade_cidrs},
        {"--cluster-cidr", &options.cluster_cidr}}) {
    for (const std::string& block : *blocks) {
      if (!Cidr::Parse(block).ok()) {
        return absl::InvalidArgumentError(
            fmt::format("{}: \"{}\" is no address block like 10.0.0.0/8", flag, block));
      }
    }
  }
  for (const auto& [flag, range] : {std::pair{"--masquerade-ports", &options.masquerade_ports},
                                    {"--service-node-port-range", &options.node_ports}}) {
    if (range->empty()) continue;
    if (const auto parsed = plan::ParsePortRange(*range); !parsed.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {}", flag, std::string(parsed.status().message())));
    }
  }
  return absl::OkStatus();
}

// What is another network's, nobody asks of us.
absl::Status ValidateMode(const Options& options) {
  if (!options.has_guests()) return absl::OkStatus();
  for (const auto& [flag, is_given] : {std::pair{"--routing", options.routing.has_tunnels()},
                                       {"--pod-cidrs", !options.pod_cidrs.empty()},
                                       {"--cni-bin-dir", !options.cni_bin_dir.empty()},
                                       {"--cni-conf-dir", !options.cni_conf_dir.empty()}}) {
    if (is_given) {
      return absl::InvalidArgumentError(
          fmt::format("{}: with --mode proxy pods are another network's", flag));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateSource(const Options& options) {
  if (options.in_cluster && !options.kubeconfig.empty()) {
    return absl::InvalidArgumentError("--in-cluster and --kubeconfig exclude each other");
  }
  if (!options.manifests.empty() && options.has_api_server()) {
    return absl::InvalidArgumentError(
        "--manifests excludes --kubeconfig, --in-cluster and --api-server: one source of objects");
  }
  return absl::OkStatus();
}

}  // namespace

std::string Options::pin_dir() const { return bpffs + "/" FL_LAYOUT_VERSION; }

std::string Options::links_dir() const { return pin_dir() + "/links"; }

absl::Status ValidateOptions(const Options& options) {
  if (options.node_name.empty()) {
    return absl::InvalidArgumentError(
        "--node-name is missing: the name of this node's Node object");
  }
  FL_RETURN_IF_ERROR(ValidateValues(options));
  if (options.manifests.empty() && !options.has_api_server()) {
    return absl::InvalidArgumentError(
        "no source of objects: give --kubeconfig FILE, --in-cluster or --manifests DIR");
  }
  return absl::OkStatus();
}

absl::Status ValidateValues(const Options& options) {
  FL_RETURN_IF_ERROR(ValidateSource(options));
  for (const auto& [flag, path] : {std::pair{"--state-dir", options.state_dir},
                                   {"--run-dir", options.run_dir},
                                   {"--bpffs", options.bpffs}}) {
    if (!path.starts_with('/')) {
      return absl::InvalidArgumentError(
          fmt::format("{} must be an absolute path, is \"{}\"", flag, path));
    }
  }
  for (const auto& [flag, path] : {std::pair{"--cni-bin-dir", options.cni_bin_dir},
                                   {"--cni-conf-dir", options.cni_conf_dir},
                                   {"--cni-binary", options.cni_binary}}) {
    if (!path.empty() && !path.starts_with('/')) {
      return absl::InvalidArgumentError(
          fmt::format("{} must be an absolute path, is \"{}\"", flag, path));
    }
  }
  FL_RETURN_IF_ERROR(ValidateMode(options));
  if (options.routing.tunnel_port == 0) {
    return absl::InvalidArgumentError("--tunnel-port must be from 1 to 65535, is 0");
  }
  if (options.routing.vni == 0 || options.routing.vni > kLargestVni) {
    return absl::InvalidArgumentError(
        fmt::format("--vni must be from 1 to {}, is {}", kLargestVni, options.routing.vni));
  }
  FL_RETURN_IF_ERROR(ValidateMasquerade(options));
  if (const absl::Status status = plan::CheckNodePortAddresses(options.node_port_addresses);
      !status.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("--nodeport-addresses: {}", std::string(status.message())));
  }
  if (options.mtu != 0 && (options.mtu < kSmallestMtu || options.mtu > kLargestMtu)) {
    return absl::InvalidArgumentError(fmt::format("--mtu must be 0 or from {} to {}, is {}",
                                                  kSmallestMtu, kLargestMtu, options.mtu));
  }
  for (const auto& [flag, entries, most] :
       {std::tuple{"--max-flows", options.sizes.flows, kMostFlows},
        {"--max-services", options.sizes.services, kMostServices},
        {"--max-backends", options.sizes.backends, kMostBackends}}) {
    if (entries != 0 && (entries < kFewestEntries || entries > most)) {
      return absl::InvalidArgumentError(
          fmt::format("{} must be 0 or from {} to {}, is {}", flag, kFewestEntries, most, entries));
    }
  }
  for (const auto& [flag, address] :
       {std::pair{"--healthz-bind-address", &options.healthz_bind_address},
        {"--metrics-bind-address", &options.metrics_bind_address}}) {
    if (const auto parsed = http::ParseBindAddress(*address, kHealthzPort); !parsed.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {}", flag, std::string(parsed.status().message())));
    }
  }
  return ReadOwnFlags(options).status();
}

absl::StatusOr<plan::OwnFlags> ReadOwnFlags(const Options& options) {
  const auto wrong = [](const char* flag, const absl::Status& status) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", flag, std::string(status.message())));
  };
  plan::OwnFlags flags;
  for (const std::string& text : options.pod_cidrs) {
    const absl::StatusOr<Cidr> cidr = kube::ParseCidrSloppily(text);
    if (!cidr.ok()) return wrong("--pod-cidrs", cidr.status());
    flags.pod_cidrs.push_back(*cidr);
  }
  for (const std::string& text : options.node_ips) {
    const absl::StatusOr<IpAddress> ip = kube::ParseAddressSloppily(text);
    if (!ip.ok()) return wrong("--node-ip", ip.status());
    flags.node_ips.push_back(*ip);
  }
  return flags;
}

}  // namespace fairlead

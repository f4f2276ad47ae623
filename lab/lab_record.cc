// SPDX-License-Identifier: Apache-2.0
//
// See lab_record.h.
#include "lab/lab_record.h"

#include <fmt/format.h>

#include "lab/files.h"
#include "lab/objects.h"

namespace fairlead::lab {

absl::Status LabRecord::Write(const LabFolder& folder) const {
  return WriteFile(folder.Path("lab.json"), ToText({{"nodes", nodes},
                                                    {"routing", fabric.routing},
                                                    {"underlay", fabric.underlay},
                                                    {"subnets", fabric.subnets},
                                                    {"network", fabric.network},
                                                    {"daemonFlags", daemon_flags}}));
}

absl::StatusOr<LabRecord> LabRecord::Read(const LabFolder& folder) {
  const auto text = ReadFile(folder.Path("lab.json"));
  if (!text.ok()) {
    return absl::NotFoundError(
        fmt::format("there is no lab '{}': fairlead-lab up makes one", folder.lab()));
  }
  LabRecord record;
  try {
    const Object object = Object::parse(*text);
    object.at("nodes").get_to(record.nodes);
    object.at("routing").get_to(record.fabric.routing);
    object.at("underlay").get_to(record.fabric.underlay);
    object.at("subnets").get_to(record.fabric.subnets);
    object.at("network").get_to(record.fabric.network);
    object.at("daemonFlags").get_to(record.daemon_flags);
  } catch (const Object::exception& error) {
    return absl::DataLossError(
        fmt::format("{}: {}; only `down` helps", folder.Path("lab.json"), error.what()));
  }
  if (const absl::Status status = CheckFabric(record.fabric); !status.ok()) return status;
  return record;
}

}  // namespace fairlead::lab

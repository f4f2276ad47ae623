// SPDX-License-Identifier: Apache-2.0
#include "loader/daemon/object_source.h"

#include <utility>

#include "base/status_macros.h"
#include "loader/daemon/api_objects.h"
#include "loader/kube/manifest_source.h"

namespace fairlead {
namespace {

// Read whole before Start() returns.
class ManifestObjects : public ObjectSource {
 public:
  ManifestObjects(std::unique_ptr<kube::ManifestSource> files, kube::ObjectStore& store)
      : files_(std::move(files)), store_(store) {}

  absl::Status Start(EventLoop& loop, std::function<void()> changed) override {
    FL_RETURN_IF_ERROR(files_->LoadAll(store_));
    complete_ = files_->errors().empty();
    return loop.Watch(files_->fd(), [this, changed = std::move(changed)] {
      files_->ReadChanges(store_);
      complete_ |= files_->errors().empty();
      changed();
    });
  }

  bool listed() const override { return true; }
  bool complete() const override { return complete_; }
  std::string Missing() const override { return ""; }

  std::vector<std::string> problems() const override {
    std::vector<std::string> problems;
    for (const kube::ManifestError& error : files_->errors()) problems.push_back(error.ToString());
    return problems;
  }
  metrics::Families ReadMetrics() const override { return {}; }

 private:
  const std::unique_ptr<kube::ManifestSource> files_;
  kube::ObjectStore& store_;
  bool complete_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ObjectSource>> MakeObjectSource(const Options& options,
                                                               kube::ObjectStore& store) {
  if (options.has_api_server()) return ApiObjects::Create(options, store);
  FL_ASSIGN_OR_RETURN(auto files, kube::ManifestSource::Open(options.manifests));
  return std::make_unique<ManifestObjects>(std::move(files), store);
}

}  // namespace fairlead

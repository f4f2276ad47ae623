// SPDX-License-Identifier: Apache-2.0
//
// The attachments that GC is to keep, from fairlead-cni to fairleadd: JSON in a
// memfd, because thousands of them do not fit into a message. It is sealed, so
// that the daemon, which reads it on its one thread, can neither be made to wait
// nor shown two different texts.
#ifndef FAIRLEAD_LOADER_PODS_ATTACHMENT_LIST_H_
#define FAIRLEAD_LOADER_PODS_ATTACHMENT_LIST_H_

#include <set>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"
#include "loader/pods/cni_protocol.h"

namespace fairlead {

// Longer lists are refused.
inline constexpr size_t kLongestAttachmentList = 1 << 20;

// `text`: [["CONTAINER", "INTERFACE"], …].
absl::StatusOr<UniqueFd> SealAttachmentList(std::string_view text);
// InvalidArgument unless `fd` is what the function above returns. It stays the caller's.
absl::StatusOr<std::set<AttachmentId>> ReadAttachmentList(int fd);

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_ATTACHMENT_LIST_H_

// SPDX-License-Identifier: Apache-2.0
#include "loader/pods/cni_answers.h"

#include <chrono>
#include <set>
#include <utility>

#include "base/log.h"
#include "loader/pods/attachment_list.h"

namespace fairlead {
namespace {

using Clock = std::chrono::steady_clock;

CniCode CodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAlreadyExists:
      return CniCode::kAlreadyAttached;
    case absl::StatusCode::kFailedPrecondition:
      return CniCode::kNotAvailable;
    case absl::StatusCode::kInvalidArgument:
      return CniCode::kInvalidEnvironment;
    case absl::StatusCode::kOutOfRange:
      return CniCode::kInvalidConfiguration;
    case absl::StatusCode::kResourceExhausted:
      return CniCode::kExhausted;
    case absl::StatusCode::kAborted:
      return CniCode::kAddressTaken;
    default:
      return CniCode::kFailed;
  }
}

CniReply Refuse(CniCode code, std::string message, const absl::Status& status) {
  return {.error = CniError{.code = code,
                            .message = std::move(message),
                            .details = std::string(status.message())},
          .attachment = std::nullopt};
}

CniReply Refuse(std::string message, const absl::Status& status) {
  return Refuse(CodeOf(status), std::move(message), status);
}

CniReply Success(const LocalPod& pod) {
  return {.error = std::nullopt,
          .attachment = CniAttachment{.host_device = pod.host_device,
                                      .mac = pod.mac,
                                      .mtu = pod.mtu,
                                      .ip4 = pod.ip4,
                                      .ip6 = pod.ip6}};
}

CniReply NoNetns() {
  return Refuse("no network namespace came with the request",
                absl::InvalidArgumentError("CNI_NETNS"));
}

}  // namespace

CniReply CniAnswers::Answer(const std::string& message, const UniqueFd& descriptor, bool hung_up) {
  const absl::StatusOr<CniRequest> request = DecodeRequest(message);
  if (!request.ok()) {
    LogWarn("CNI request refused error=\"{}\"", request.status().ToString());
    return Refuse("the request cannot be read", request.status());
  }
  switch (request->command) {
    case CniCommand::kAdd:
      return Add(request->pod, descriptor, hung_up);
    case CniCommand::kDelete:
      return Delete(request->pod);
    case CniCommand::kCheck:
      return Check(*request, descriptor);
    case CniCommand::kGarbageCollect:
      return CollectGarbage(request->pod.network, descriptor);
    case CniCommand::kStatus:
      break;
  }
  return Status();
}

CniReply CniAnswers::Add(const PodRequest& pod, const UniqueFd& netns, bool hung_up) {
  if (hung_up) return Refuse("the client is gone", absl::CancelledError("nothing was done"));
  if (!netns.ok()) return NoNetns();
  // Its DEL, told to be done, came first: it must not find the new attachment.
  const AttachmentId id = IdOf(pod);
  if (deferred_.Contains(id)) {
    if (const absl::Status removed = Remove(id, "by a deferred DEL"); !removed.ok()) {
      return Refuse("cannot detach what is attached by this name", removed);
    }
    deferred_.Remove(id);
  }
  const auto start = Clock::now();
  const absl::StatusOr<LocalPod> added = attacher_.Add(pod, netns.get());
  if (!added.ok()) {
    LogWarn("pod not attached container={} pod={}/{} error=\"{}\"", pod.container_id,
            pod.name_space, pod.name, added.status().ToString());
    return Refuse("cannot attach the pod", added.status());
  }
  const std::chrono::duration<double, std::milli> took = Clock::now() - start;
  LogInfo("pod attached device={} container={} pod={}/{} ip4={} ip6={} ms={:.1f}",
          added->host_device, pod.container_id, pod.name_space, pod.name,
          added->ip4 ? added->ip4->ToString() : "-", added->ip6 ? added->ip6->ToString() : "-",
          took.count());
  return Success(*added);
}

absl::Status CniAnswers::Remove(const AttachmentId& id, const char* why) {
  const absl::Status removed = attacher_.Remove(id.first, id.second);
  if (removed.ok()) {
    LogInfo("pod detached {} container={} interface={}", why, id.first, id.second);
  } else {
    LogWarn("pod not detached {} container={} error=\"{}\"", why, id.first, removed.ToString());
  }
  return removed;
}

CniReply CniAnswers::Delete(const PodRequest& pod) {
  const absl::Status removed = Remove(IdOf(pod), "by its runtime");
  return removed.ok() ? CniReply{} : Refuse("cannot detach the pod", removed);
}

CniReply CniAnswers::Check(const CniRequest& request, const UniqueFd& netns) {
  if (!netns.ok()) return NoNetns();
  const PodRequest& pod = request.pod;
  const absl::Status status = attacher_.Check(IdOf(pod), request.expected, netns.get());
  if (status.ok()) return {};
  LogWarn("pod is not as it should be container={} error=\"{}\"", pod.container_id,
          std::string(status.message()));
  const CniCode code = absl::IsNotFound(status)          ? CniCode::kUnknownContainer
                       : absl::IsInvalidArgument(status) ? CniCode::kInvalidEnvironment
                                                         : CniCode::kNotAsExpected;
  return Refuse(code, "the pod's network is not as it should be", status);
}

CniReply CniAnswers::CollectGarbage(const std::string& network, const UniqueFd& list) {
  if (!list.ok()) {
    return Refuse("no list of attachments came with the request",
                  absl::InvalidArgumentError("GC removes nothing without it"));
  }
  const absl::StatusOr<std::set<AttachmentId>> valid = ReadAttachmentList(list.get());
  if (!valid.ok()) return Refuse("cannot read the list of attachments", valid.status());
  absl::Status first;
  for (const LocalPod& pod : attacher_.pods()) {
    const AttachmentId id = IdOf(pod);
    if (pod.network == network && !valid->contains(id)) first.Update(Remove(id, "by GC"));
  }
  return first.ok() ? CniReply{} : Refuse("cannot detach every pod that is no more", first);
}

CniReply CniAnswers::Status() {
  if (const absl::Status ready = attacher_.CheckReady(); !ready.ok()) {
    return Refuse(CniCode::kNotAvailable, "the node cannot take pods", ready);
  }
  const absl::Status node = attacher_.CheckNode();
  return node.ok() ? CniReply{} : Refuse(CniCode::kLimited, "pods have limited network", node);
}

bool CniAnswers::CompleteDeferred() {
  bool complete = true;
  for (const AttachmentId& id : deferred_.All()) {
    if (Remove(id, "by a deferred DEL").ok()) {
      deferred_.Remove(id);
    } else {
      complete = false;
    }
  }
  return complete;
}

}  // namespace fairlead

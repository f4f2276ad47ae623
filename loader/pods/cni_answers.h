// SPDX-License-Identifier: Apache-2.0
//
// What fairleadd answers to each command of the CNI specification. CniServer
// brings the messages; here they become deeds of PodAttacher, and their outcome
// a reply with the specification's code and a sentence that says what to do.
#ifndef FAIRLEAD_LOADER_PODS_CNI_ANSWERS_H_
#define FAIRLEAD_LOADER_PODS_CNI_ANSWERS_H_

#include <string>

#include "base/unique_fd.h"
#include "loader/pods/cni_protocol.h"
#include "loader/pods/deferred_deletes.h"
#include "loader/pods/pod_attacher.h"

namespace fairlead {

class CniAnswers {
 public:
  // `attacher` must outlive this object.
  CniAnswers(PodAttacher& attacher, DeferredDeletes deferred)
      : attacher_(attacher), deferred_(std::move(deferred)) {}

  // `descriptor`: what came with the message, not ok() for none. `hung_up`: the
  // client has gone, and its runtime has been told of a failure.
  CniReply Answer(const std::string& message, const UniqueFd& descriptor, bool hung_up);

  // Readable when CompleteDeferred() has something to do.
  int deferred_fd() const { return deferred_.fd(); }
  // Does what was left for us while nobody listened. False: some of it failed
  // and is worth another try.
  bool CompleteDeferred();

 private:
  CniReply Add(const PodRequest& pod, const UniqueFd& netns, bool hung_up);
  CniReply Delete(const PodRequest& pod);
  CniReply Check(const CniRequest& request, const UniqueFd& netns);
  CniReply CollectGarbage(const std::string& network, const UniqueFd& list);
  CniReply Status();
  absl::Status Remove(const AttachmentId& id, const char* why);

  PodAttacher& attacher_;
  DeferredDeletes deferred_;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_PODS_CNI_ANSWERS_H_

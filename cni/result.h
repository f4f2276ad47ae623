// SPDX-License-Identifier: Apache-2.0
//
// What a CNI plugin prints: result, error and version objects (CNI
// specification 1.1.0, section 5), as JSON text with a newline.
#ifndef FAIRLEAD_CNI_RESULT_H_
#define FAIRLEAD_CNI_RESULT_H_

#include <string>

#include "cni/call.h"
#include "loader/pods/cni_protocol.h"

namespace fairlead {

// The result of ADD, in the version of the call.
std::string EncodeResult(const CniCall& call, const CniAttachment& attachment);
std::string EncodeError(const std::string& version, const CniError& error);
std::string EncodeVersions(const std::string& version);

}  // namespace fairlead

#endif  // FAIRLEAD_CNI_RESULT_H_

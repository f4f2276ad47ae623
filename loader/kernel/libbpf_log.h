// SPDX-License-Identifier: Apache-2.0
//
// What libbpf and the verifier have to say. Kept while a LibbpfLog lives, so
// that a failure can quote it; silent on success.
#ifndef FAIRLEAD_LOADER_KERNEL_LIBBPF_LOG_H_
#define FAIRLEAD_LOADER_KERNEL_LIBBPF_LOG_H_

#include <string>

namespace fairlead {

class LibbpfLog {
 public:
  LibbpfLog();  // one at a time per thread
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  // The last lines, where a verifier's complaint is.
  std::string Tail() const;
};

}  // namespace fairlead

#endif  // FAIRLEAD_LOADER_KERNEL_LIBBPF_LOG_H_

// SPDX-License-Identifier: Apache-2.0
#include "maps/core/mapped_array.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/errno_status.h"

namespace fairlead {

absl::StatusOr<MappedMemory> MappedMemory::Map(const BpfMap& map, size_t stride, bool writable) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  MappedMemory memory;
  memory.bytes_ = (stride * map.max_entries() + page - 1) / page * page;
  void* address = mmap(nullptr, memory.bytes_, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                       MAP_SHARED, map.fd(), 0);
  if (address == MAP_FAILED) return ErrnoStatus(errno, "map the memory of " + map.name());
  memory.address_ = address;
  return memory;
}

MappedMemory::~MappedMemory() {
  if (address_ != nullptr) munmap(address_, bytes_);
}

}  // namespace fairlead

// SPDX-License-Identifier: Apache-2.0
#include "loader/kube/shared_text.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <new>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"

namespace fairlead::kube {

// The text follows in the same allocation.
struct SharedText::Entry {
  std::atomic<uint32_t> uses;  // the table's own is one of them
  uint32_t length;

  char* text() { return reinterpret_cast<char*>(this + 1); }
  std::string_view view() { return {text(), length}; }
};

// The table has a use of every entry, so the last user of a text frees nothing; only Sweep does.
// It holds the lock, and an entry that has no other use cannot get one but under the lock: copies
// are made by those who have it.
class SharedText::Table {
 public:
  Entry* Find(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (unused_ > static_cast<int64_t>(entries_.size() / 4 + kFewest)) Sweep();
    bool is_new = false;
    const auto place = entries_.lazy_emplace(text, [&](const auto& construct) {
      is_new = true;
      construct(NewEntry(text));
    });
    if ((*place)->uses.fetch_add(1, std::memory_order_relaxed) == 1 && !is_new) --unused_;
    return *place;
  }

  // Its last user has left it.
  void NoteUnused() { unused_.fetch_add(1, std::memory_order_relaxed); }

  size_t Count() {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return absl::HashOf(text); }
    size_t operator()(Entry* entry) const { return absl::HashOf(entry->view()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(Entry* a, std::string_view b) const { return a->view() == b; }
    bool operator()(Entry* a, Entry* b) const { return a == b; }
  };

  // Of which nobody but the table has a use yet.
  static Entry* NewEntry(std::string_view text) {
    void* const memory = ::operator new(sizeof(Entry) + text.size());
    auto* const entry = new (memory) Entry{1, static_cast<uint32_t>(text.size())};
    std::memcpy(entry->text(), text.data(), text.size());
    return entry;
  }

  // Takes time for all texts, and therefore waits until a fifth of them is of no use.
  void Sweep() {
    for (auto it = entries_.begin(); it != entries_.end();) {
      Entry* const entry = *it;
      // Acquire: what the last user read of it, it has read.
      if (entry->uses.load(std::memory_order_acquire) != 1) {
        ++it;
        continue;
      }
      entries_.erase(it++);
      entry->~Entry();
      ::operator delete(entry);
      --unused_;
    }
  }

  static constexpr size_t kFewest = 1024;

  std::mutex mutex_;
  absl::flat_hash_set<Entry*, Hash, Equal> entries_;
  std::atomic<int64_t> unused_ = 0;
};

// Short ones, as names are, apart from long ones, as maps of labels are: names are asked for far
// more often, and a table of them alone stays in the CPU's cache.
SharedText::Table& SharedText::TableOf(size_t length) {
  static auto* const kTables = new Table[2];  // texts may outlive every other static
  constexpr size_t kLong = 64;
  return kTables[length < kLong ? 0 : 1];
}

SharedText::Entry* SharedText::Find(std::string_view text) {
  return text.empty() ? nullptr : TableOf(text.size()).Find(text);
}

std::string_view SharedText::view() const {
  return entry_ == nullptr ? std::string_view() : entry_->view();
}

void SharedText::Use() const {
  if (entry_ != nullptr) entry_->uses.fetch_add(1, std::memory_order_relaxed);
}

void SharedText::Leave() const {
  if (entry_ == nullptr) return;
  Table& table = TableOf(entry_->length);
  if (entry_->uses.fetch_sub(1, std::memory_order_release) == 2) table.NoteUnused();
}

size_t SharedText::CountAll() { return TableOf(0).Count() + TableOf(SIZE_MAX).Count(); }

}  // namespace fairlead::kube

// SPDX-License-Identifier: Apache-2.0
//
// Finds the bracket that closes an object, in a text that arrives in pieces.
#ifndef FAIRLEAD_LOADER_API_BRACKET_SCANNER_H_
#define FAIRLEAD_LOADER_API_BRACKET_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fairlead::api {

class BracketScanner {
 public:
  // Blocks are read whole: so many bytes behind the text must be readable.
  static constexpr size_t kBlock = 64;

  // Looks at `text`, which goes on where the last one ended. Returns how much of it belongs to the
  // object, its last bracket included; npos: all of it, and more is to come. Braces and brackets
  // count alike.
  size_t FindEnd(std::string_view text);

 private:
  // Bit i stands for byte i of a block.
  struct Masks {
    uint64_t quotes = 0;
    uint64_t backslashes = 0;
    uint64_t opening = 0;
    uint64_t closing = 0;
  };
  static Masks Classify(const char* block);

  size_t depth_ = 0;
  uint64_t in_string_ = 0;  // all bits: the next block begins within a string
  uint64_t escaped_ = 0;    // 1: and its first byte comes after a backslash
};

}  // namespace fairlead::api

#endif  // FAIRLEAD_LOADER_API_BRACKET_SCANNER_H_

// SPDX-License-Identifier: Apache-2.0
//
// Text that others have chosen, for a log or a terminal: an annotation must not
// forge a line, clear a screen or fill a disk.
#ifndef FAIRLEAD_BASE_PRINTABLE_H_
#define FAIRLEAD_BASE_PRINTABLE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace fairlead {

// In bytes, and what is left out is "…".
inline constexpr size_t kLongestPrintable = 512;

// Control characters, and what is no UTF-8, become \n, \t, \x1b; the rest stays as it is.
std::string Printable(std::string_view text, size_t longest = kLongestPrintable);

}  // namespace fairlead

#endif  // FAIRLEAD_BASE_PRINTABLE_H_

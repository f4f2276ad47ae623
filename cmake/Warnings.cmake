# One warning set for C++; BPF C has its own in BpfHook.cmake. Both are errors.
# restrict, maybe-uninitialized: gcc 12 warns of std::string's own code at -O3 (gcc
# bugs 105651, 105562); clang-tidy and the asan preset look for the real ones.
function(fairlead_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor
                                           -Wold-style-cast -Wcast-qual -Woverloaded-virtual -Wno-restrict
                                           -Wno-maybe-uninitialized -Werror)
endfunction()

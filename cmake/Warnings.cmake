# One warning set for C++; BPF C has its own in BpfHook.cmake. Both are errors.
# restrict: gcc 12 warns of std::string's own code at -O3 (gcc bug 105651).
function(fairlead_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor
                                           -Wold-style-cast -Wcast-qual -Woverloaded-virtual -Wno-restrict -Werror)
endfunction()

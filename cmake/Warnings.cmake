# One warning set for C++; BPF C has its own in BpfHook.cmake. Both are errors.
function(fairlead_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor
                                           -Wold-style-cast -Wcast-qual -Woverloaded-virtual -Werror)
endfunction()

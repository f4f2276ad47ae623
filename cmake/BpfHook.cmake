# add_bpf_program(name source): one BPF source, two objects (IPv4 and IPv6) and
# their libbpf skeletons, name_v4.skel.h and name_v6.skel.h.
find_program(BPF_CLANG NAMES clang-19 REQUIRED)
find_program(BPF_STRIP NAMES llvm-strip-19 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)

set(BPF_FLAGS
    -target bpf -mcpu=v3 -O2 -g -std=gnu11 -fno-strict-aliasing
    -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter -Wno-sign-compare -Wno-address-of-packed-member
    -Wno-gnu-pointer-arith
    -I${CMAKE_SOURCE_DIR} -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
set(BPF_OUTPUT ${CMAKE_BINARY_DIR}/bpf)

function(add_bpf_object name source skeleton)
  set(object ${BPF_OUTPUT}/${name}.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${BPF_CLANG} ${BPF_FLAGS} ${ARGN} -MD -MT ${object} -MF ${object}.d -c ${source} -o ${object}
    COMMAND ${BPF_STRIP} -g ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "BPF ${name}"
    VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${name} > ${skeleton}
    DEPENDS ${object}
    VERBATIM)
endfunction()

function(add_bpf_program name source)
  foreach(family 4 6)
    set(skeleton ${BPF_OUTPUT}/${name}_v${family}.skel.h)
    add_bpf_object(${name}_v${family} ${CMAKE_CURRENT_SOURCE_DIR}/${source} ${skeleton} -DFAIRLEAD_FAMILY=${family})
    set_property(GLOBAL APPEND PROPERTY FAIRLEAD_SKELETONS ${skeleton})
  endforeach()
endfunction()

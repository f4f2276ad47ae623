# Tests by what they need (CONTRIBUTING.md): `unit` needs nothing, `kernel`
# CAP_BPF, `netns` real interfaces in scratch network namespaces.
include(GoogleTest)

# A test that is named after a point of the contract (A6_29_…, E13_…; tests/contract/points.tsv) has
# the label `contract` as well, wherever it lies.
function(fairlead_test label name sources)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARGN} GTest::gtest GTest::gmock GTest::gtest_main)
  fairlead_warnings(${name})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS ${label} TIMEOUT 300
                       TEST_LIST ${name}_TESTS)
  set(labels ${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake)
  file(WRITE ${labels} "\
foreach(test IN LISTS ${name}_TESTS)
  if(test MATCHES \"[.][ACEFG][0-9]*_\")
    set_tests_properties(\${test} PROPERTIES LABELS \"contract;${label}\")
  endif()
endforeach()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${labels})
endfunction()

# add_unit_test(name "a_test.cc;b_test.cc" library…)
function(add_unit_test name sources)
  fairlead_test(unit ${name} "${sources}" ${ARGN})
endfunction()

# add_kernel_test(…): the same for tests that load programs or create maps.
function(add_kernel_test name sources)
  fairlead_test(kernel ${name} "${sources}" ${ARGN})
endfunction()

# add_netns_test(…): the same for tests with real interfaces and daemons.
function(add_netns_test name sources)
  fairlead_test(netns ${name} "${sources}" ${ARGN})
endfunction()

# add_contract_test(kernel …): the same for tests of the contract (tests/contract), which need `unit`,
# `kernel` or `netns`.
function(add_contract_test needs name sources)
  fairlead_test(${needs} ${name} "${sources}" ${ARGN})
endfunction()

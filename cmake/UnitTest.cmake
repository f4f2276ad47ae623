# Tests by what they need (CONTRIBUTING.md): `unit` needs nothing, `kernel`
# CAP_BPF, `netns` real interfaces in scratch network namespaces.
include(GoogleTest)

function(fairlead_test label name sources)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARGN} GTest::gtest GTest::gmock GTest::gtest_main)
  fairlead_warnings(${name})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS ${label} TIMEOUT 300)
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

# add_contract_test(…): the same for points of kube-proxy's contract, each test
# named after its number. With real daemons, as netns tests.
function(add_contract_test name sources)
  fairlead_test(contract ${name} "${sources}" ${ARGN})
endfunction()

// SPDX-License-Identifier: Apache-2.0
//
// <sys/pidfd.h> for C++: glibc 2.36 (Debian 12) forgot its extern "C", so a C++
// program that includes it looks for mangled names. Newer ones have it.
#ifndef FAIRLEAD_LAB_PIDFD_H_
#define FAIRLEAD_LAB_PIDFD_H_

#include <signal.h>
#include <sys/types.h>

extern "C" {
#include <sys/pidfd.h>
}

#endif  // FAIRLEAD_LAB_PIDFD_H_

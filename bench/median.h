// SPDX-License-Identifier: Apache-2.0
//
// What is said of many samples.
#ifndef FAIRLEAD_BENCH_MEDIAN_H_
#define FAIRLEAD_BENCH_MEDIAN_H_

#include <vector>

namespace fairlead::bench {

double Median(std::vector<double> values);  // which are not none

// The median of a[i] / b[i]: of neighbours in time, which saw the same machine.
double MedianRatio(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace fairlead::bench

#endif  // FAIRLEAD_BENCH_MEDIAN_H_

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""points_test.py BUILD_FOLDER

Every point of the contract (points.tsv) has a test that ctest knows, or a page that says why not; and
every number in a test's name is a point.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent.parent / "docs"
ALL = {f"A{i}" for i in range(1, 66)} | {f"E{i}" for i in range(1, 31)} | {"F", "G"}
# A6_29_, E13_, C_nodePort_, F_; several of them may lead a name.
POINT = re.compile(r"(?:A\d+_\d+|E\d+|C_\w+?|F|G)_")


def read_points():
    points = {}
    for line in (HERE / "points.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        number, where, sentence = line.split("\t")
        assert number not in points, f"{number} is listed twice"
        assert sentence, f"{number} says nothing"
        points[number] = where
    return points


def numbers_of(name):
    numbers = []
    while match := POINT.match(name):
        numbers.append(match.group()[:-1].replace("_", "."))
        name = name[match.end():]
    return numbers


def tests_by_point(build):
    listed = subprocess.run(["ctest", "--test-dir", build, "-N", "-L", "contract"],
                            check=True, capture_output=True, text=True).stdout
    tests = {}
    for name in re.findall(r"^ +Test +#\d+: [^.\s]*\.([ACEFG]\d*_[^/\s]+)", listed, re.M):
        for number in numbers_of(name):
            tests.setdefault(number, set()).add(name)
    return tests


def mistakes(points, tests):
    short = {re.sub(r"^A\d+\.", "A", number) for number in points}
    for number in sorted(ALL - short):
        yield f"{number} is not listed"
    for number in sorted(set(tests) - set(points)):
        yield f"{number} is no point: {', '.join(sorted(tests[number]))}"
    pages = {"deviation": (DOCS / "deviations.md").read_text(),
             "cluster": (DOCS / "contract.md").read_text()}
    for number, where in points.items():
        if where == "test":
            if number not in tests:
                yield f"{number} has no test"
        elif where in pages:
            if f"| {number} |" not in pages[where]:
                yield f"{number} has no line where points.tsv says: {where}"
            if number in tests:
                yield f"{number} has a test, but points.tsv says: {where}"
        elif points.get(where) != "test":
            yield f"{number} points to {where}, which is no test"


def main():
    points = read_points()
    tests = tests_by_point(sys.argv[1])
    found = list(mistakes(points, tests))
    print(f"{len(points)} points, {sum(map(len, tests.values()))} tests")
    print("\n".join(found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()

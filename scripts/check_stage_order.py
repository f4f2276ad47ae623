#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A packet meets the stages in the order of their numbers.

Checks that every hook calls stages in ascending order, that the number in the
comment beside a call is the one of the file that defines it, and that a stage's
header reaches, through whatever it includes, only stages before it.
"""
import pathlib
import re
import sys

sys.dont_write_bytecode = True
import bpf_sources  # noqa: E402

problems = []


def check_hook(hook):
    calls = bpf_sources.stage_calls(hook)
    if not calls:
        problems.append(f"{hook.path}: no walk through the stages found")
    for before, after in zip(calls, calls[1:]):
        if after.number <= before.number:
            problems.append(f"{hook.path}: {after.function} ({after.number}) is called after "
                            f"{before.function} ({before.number})")
    for call in calls:
        if call.commented is None:
            problems.append(f"{hook.path}: the call of {call.function} does not say its number")
        elif call.commented != call.number:
            problems.append(f"{hook.path}: {call.function} is stage {call.number}, "
                            f"not {call.commented}")


def reachable(path, seen):
    for name in re.findall(r'#include "(bpf/[^"]+)"', pathlib.Path(path).read_text()):
        if name not in seen:
            seen.add(name)
            reachable(name, seen)
    return seen


def check_stage(stage):
    for name in reachable(stage.path, set()):
        match = re.match(r"bpf/path/(\d+)_", name)
        if match and int(match.group(1)) >= stage.number and name != str(stage.path):
            problems.append(f"{stage.path} reaches {name}, which comes later")


for each in bpf_sources.hooks():
    check_hook(each)
for each in bpf_sources.stages():
    check_stage(each)
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing includes upwards, and only few files know what an address family is.

    base ◀ maps ◀ {loader/kernel, loader/metrics} ◀ {loader/apply, loader/attach, cli, bench}
    base ◀ loader/kube ◀ {loader/plan, loader/config}     pure: no kernel, no maps, no netlink
    maps/…_abi.h ◀ bpf

Tests, and headers whose first lines say "For tests", may include anything, but
nothing else may include those, unless a folder of tests is named below.
"""
import os
import pathlib
import re
import sys

os.chdir(pathlib.Path(__file__).resolve().parent.parent)

# Folder -> the folders it may include, itself left out. The most specific wins.
ALLOWED = {
    "base": [],
    "maps": ["base"],
    "loader": ["base", "loader/config", "loader/daemon"],
    "loader/kernel": ["base", "maps"],
    "loader/kube": ["base"],
    "loader/config": ["base", "loader/kube"],
    "loader/plan": ["base", "loader/kube"],
    "loader/netlink": ["base"],
    "loader/http": ["base"],
    "loader/api": ["base", "loader/kube"],
    "loader/metrics": ["base", "maps"],
    "loader/netfilter": ["base", "loader/netlink"],
    "loader/apply": ["base", "maps", "loader/plan", "loader/kube"],
    "loader/attach": ["base", "maps", "loader/kernel", "loader/netlink"],
    "loader/pods": ["base", "maps/abi", "loader/netlink"],
    "loader/daemon": ["base", "maps", "loader"],
    "cli": ["base", "maps", "loader/kernel", "loader/metrics"],
    "cni": ["base", "loader/pods/attachment_list.h", "loader/pods/cni_protocol.h",
            "loader/pods/cni_socket.h", "loader/pods/deferred_deletes.h"],
    "lab": ["base"],
    "bench": ["base", "maps", "loader"],
    "bench/network": ["base", "lab", "bench/median.h"],
    "bench/flood": ["base", "lab"],
    "bench/state": ["base", "lab", "loader", "tests/apiserver"],
    "bench/services": ["base", "lab", "bench/median.h", "bench/network"],
    "tests": ["base", "maps", "loader", "lab", "cli", "cni"],
    "bpf": ["maps"],
}

# Who may ask which family it is compiled for: the family itself, the layouts, and
# 10_parse.h, where the IPv4 program takes what neither family wants.
KNOWS_FAMILY = re.compile(r"^bpf/family/|_abi\.h$|^maps/abi/|^bpf/path/10_parse\.h$")
ASKS_FAMILY = re.compile(r"FAIRLEAD_FAMILY\s*[=!]=|family_v[46]\.h|\bstruct (?:ip|tuple|flow|flow_side|"
                         r"backend|service_key|half_open|prefix_key|pod_address|node_state)[46]\b")

problems = []


def sources():
    for top in sorted({folder.split("/")[0] for folder in ALLOWED}):
        for path in sorted(pathlib.Path(top).rglob("*")):
            if path.suffix in (".h", ".cc", ".c") and path.is_file():
                yield path


def layer(path):
    return max((folder for folder in ALLOWED if path.startswith(folder + "/")), key=len)


def is_below(path, folder):
    return path == folder or path.startswith(folder + "/")


def is_for_tests(path):
    if path.parts[0] == "tests" or path.name.endswith("_test.cc"):
        return True
    return path.exists() and any("For tests" in line
                                 for line in path.read_text().splitlines()[:6])


def check_include(path, name):
    included = pathlib.Path(name)
    if is_for_tests(path):
        return
    named = [folder for folder in ALLOWED[layer(str(path))] if folder.startswith("tests/")]
    if is_for_tests(included) and not any(is_below(name, folder) for folder in named):
        problems.append(f"{path} includes {name}, which is for tests")
        return
    own = layer(str(path))
    if is_below(name, own) and layer(name) == own:
        return
    if not any(is_below(name, folder) for folder in ALLOWED[own]):
        problems.append(f"{path} includes {name}: {own} may not know {layer(name)}")
    if own == "bpf" and not (name.endswith("_abi.h") or name.endswith(".bpf.h") or
                             name.startswith("maps/abi/")):
        problems.append(f"{path} includes {name}: the kernel side knows layouts only")


def check_family(path, text):
    if path.parts[0] not in ("bpf", "maps") or path.suffix == ".cc" or path.name == "abi_of.h":
        return
    if KNOWS_FAMILY.search(str(path)):
        return
    for line in re.sub(r"/\*.*?\*/", "", text, flags=re.S).splitlines():
        if ASKS_FAMILY.search(line):
            problems.append(f"{path} asks for the address family: {line.strip()}")


for source in sources():
    content = source.read_text()
    for header in re.findall(r'^#\s*include "([^"]+/[^"]+)"', content, re.M):
        if header.split("/")[0] in {folder.split("/")[0] for folder in ALLOWED}:
            check_include(source, header)
    check_family(source, content)
for problem in problems:
    print(problem, file=sys.stderr)
sys.exit(1 if problems else 0)

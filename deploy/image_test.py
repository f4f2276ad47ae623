#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""image_test.py PROGRAM...: deploy/Dockerfile installs what the programs link, and no more."""
import pathlib
import re
import subprocess
import sys

# Part of debian:12-slim, or of the build with sanitizers only.
BASE = {"libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libasan8", "libubsan1"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def packages_of(program):
    needed = set(re.findall(r"NEEDED.*\[(.+)\]", output("readelf", "-d", program)))
    found = {}
    for line in output("ldd", program).splitlines():
        match = re.match(r"\s*(\S+) => (/\S+)", line)
        if match and match[1] in needed:
            found[match[1]] = match[2]
    packages = set()
    for path in found.values():
        # /lib may be a link to /usr/lib, and dpkg knows either name.
        real = pathlib.Path(path).resolve()
        for name in (path, str(real), str(real).removeprefix("/usr")):
            owner = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True, check=False)
            if owner.returncode == 0:
                packages.add(owner.stdout.split(":")[0])
                break
    return packages


dockerfile = pathlib.Path(__file__).with_name("Dockerfile").read_text()
run_time = dockerfile.rsplit("FROM ", 1)[1]
listed = set(re.findall(r"\blib[a-z0-9.+-]+", run_time.split("recommends", 1)[1].split("&&")[0]))
linked = set().union(*(packages_of(program) for program in sys.argv[1:])) - BASE
for package in sorted(linked - listed):
    print(f"deploy/Dockerfile lacks {package}")
for package in sorted(listed - linked):
    print(f"deploy/Dockerfile installs {package}, which nothing links")
sys.exit(0 if linked == listed else 1)

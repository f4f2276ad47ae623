#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The init container's command, with its capabilities and no other, on a host
# without a bpffs: the host has one afterwards. A host is a process number 1 with
# a view of the file system of its own; the container has another one.
import os
import pathlib
import re
import subprocess
import sys

MANIFEST = pathlib.Path(__file__).with_name("base") / "daemon-set.yaml"

if len(sys.argv) == 1:
    os.execvp("unshare", ["unshare", "--pid", "--fork", "--mount-proc", "--mount",
                          "--propagation", "private", sys.executable, __file__, "inside"])


def type_of(path):
    shown = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                           check=True)
    return shown.stdout.strip()


def main():
    container = MANIFEST.read_text().split("initContainers:")[1].split("containers:")[0]
    command = " ".join(re.search(r">-\n((?: {14}.*\n)+)", container)[1].split())
    added = re.search(r"add: \[([^\]]+)\]", container)[1].lower().replace(" ", "").split(",")
    kept = ",".join(["-all"] + ["+" + name for name in added])
    while type_of("/sys/fs/bpf") == "bpf_fs":
        subprocess.run(["umount", "/sys/fs/bpf"], check=True)
    for time in ("once", "and once more"):
        subprocess.run(["unshare", "--mount", "--propagation", "slave",
                        "setpriv", f"--bounding-set={kept}", f"--inh-caps={kept}",
                        "sh", "-c", command], check=True, timeout=60)
        mounts = pathlib.Path("/proc/mounts").read_text().count(" /sys/fs/bpf bpf ")
        if mounts != 1:
            sys.exit(f"{time}: the host has {mounts} bpffs at /sys/fs/bpf instead of one")


main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# fairleadd as the DaemonSet runs it: with the capabilities that the manifest
# names and no other, with a /proc/sys that is read-only and the host's mounted
# beside it. It has to carry the node, plug a pod in, and clean up.
#
#   capabilities_test.py FOLDER-OF-PROGRAMS
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BIN = os.path.abspath(sys.argv[1])
MANIFEST = pathlib.Path(__file__).with_name("base") / "daemon-set.yaml"
OBJECTS = """
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24]}
status: {addresses: [{type: InternalIP, address: 172.31.99.1}]}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: default, uid: u1}
spec: {type: NodePort, clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10], ports: [{port: 80, nodePort: 30080}]}
"""

if len(sys.argv) == 2:
    # Once more, in a network and a view of the file system of its own.
    os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private",
                          sys.executable, __file__, sys.argv[1], "inside"])


def run(*argv, **more):
    """Its standard output; an exception with what it said if it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{argv}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def capabilities():
    container = MANIFEST.read_text().split("- name: fairleadd")[1]
    added = re.search(r"add: \[([^\]]+)\]", container)[1]
    return [name.strip().lower() for name in added.split(",")]


def cgroup_root():
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        if line.split()[2] == "cgroup2":
            return pathlib.Path(line.split()[1])
    raise RuntimeError("no cgroup v2 is mounted")


class Node:
    def __init__(self, folder):
        self.folder = folder
        self.bpffs = folder / "bpffs" / "fairlead"
        self.cgroup = cgroup_root() / f"fairlead-test-{os.getpid()}"
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "far0")
        for device in ("up0", "far0"):
            run("ip", "link", "set", device, "up")
        run("ip", "addr", "add", "172.31.99.1/24", "dev", "up0")
        run("ip", "route", "add", "default", "via", "172.31.99.2")
        for name in ("bpffs", "proc-sys", "objects"):
            (folder / name).mkdir()
        (folder / "objects" / "all.yaml").write_text(OBJECTS)
        run("mount", "-t", "bpf", "bpf", str(self.bpffs.parent))
        run("mount", "--bind", "/proc/sys", str(folder / "proc-sys"))
        run("mount", "--bind", "/proc/sys", "/proc/sys")
        run("mount", "-o", "remount,bind,ro", "/proc/sys")
        self.cgroup.mkdir()

    def command(self, *more):
        bounds = ",".join(["-all"] + [f"+{name}" for name in capabilities()])
        return ["setpriv", "--no-new-privs", "--bounding-set", bounds, "--inh-caps=-all",
                f"{BIN}/fairleadd", "--state-dir", f"{self.folder}/state",
                "--run-dir", f"{self.folder}/run", "--bpffs", str(self.bpffs),
                "--cgroup", str(self.cgroup), "--proc-sys", f"{self.folder}/proc-sys", *more]

    def status(self):
        return json.loads(run(f"{BIN}/fairlead", "--bpffs", str(self.bpffs), "status", "-o", "json"))

    def remove(self):
        self.cgroup.rmdir()


def wait_until(what, check, process, seconds=60):
    for _ in range(seconds * 20):
        if process.poll() is not None:
            raise RuntimeError(f"fairleadd has ended with {process.returncode}")
        if check():
            return
        time.sleep(0.05)
    raise RuntimeError(f"waited in vain for {what}")


def plug_pod(node):
    """An ADD and a DEL of fairlead-cni, which runs on the host with all its rights."""
    pod = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
    try:
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{pod.pid}/ns/net") == own:
            time.sleep(0.01)
        config = json.dumps({"cniVersion": "1.0.0", "name": "fairlead", "type": "fairlead-cni",
                             "socket": f"{node.folder}/run/cni.sock"})
        for verb in ("ADD", "DEL"):
            said = run(f"{BIN}/fairlead-cni", input=config,
                       env={"CNI_COMMAND": verb, "CNI_CONTAINERID": "c1", "CNI_IFNAME": "eth0",
                            "CNI_NETNS": f"/proc/{pod.pid}/ns/net", "CNI_PATH": BIN})
            if verb == "ADD" and "10.244.1." not in said:
                raise RuntimeError(f"ADD gives no address: {said}")
    finally:
        pod.kill()
        pod.wait()


def check_mode(node, mode):
    log = open(node.folder / f"{mode}.log", "w+", encoding="utf-8")
    process = subprocess.Popen(node.command("--mode", mode, "--node-name", "n1", "--manifests",
                                            f"{node.folder}/objects"),
                               stdout=log, stderr=subprocess.STDOUT)
    try:
        probe = ["curl", "-sf", "-m", "2", "http://127.0.0.1:10256/healthz"]
        wait_until("/healthz", lambda: subprocess.run(probe, capture_output=True,
                                                      check=False).returncode == 0, process)
        if mode == "full":
            plug_pod(node)
            if pathlib.Path("/proc/sys/net/ipv4/ip_forward").read_text() != "1\n":
                raise RuntimeError("fairleadd could not write a sysctl")
        noted = node.folder / "state" / "host.json"
        wait_until("host.json", noted.exists, process)
        problems = [*node.status()["problems"],
                    *json.loads(noted.read_text())["problems"].items()]
        if problems:
            raise RuntimeError(f"{mode}: {problems}")
    except Exception:
        log.seek(0)
        print(log.read(), file=sys.stderr)
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    run(*node.command("cleanup"))


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fairlead-capabilities-"))
    node = Node(folder)
    try:
        for mode in ("proxy", "full"):
            check_mode(node, mode)
    finally:
        node.remove()
        for mounted in ("bpffs", "proc-sys"):
            subprocess.run(["umount", str(folder / mounted)], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


main()

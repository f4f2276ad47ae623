#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# A real container runtime as the client of fairlead-cni: containerd, asked over
# its CRI as a kubelet does it, runs a hundred pods at once on a lab's node and
# takes them away again.
#
#   this ──gRPC──▶ containerd ──exec──▶ fairlead-cni ──socket──▶ fairleadd
#                  (in the node's network namespace, with a file system view of
#                   its own, so that nothing is left on the machine)
#
# The image is made here, of Debian's static busybox. Usage:
#   container_runtime_test.py FOLDER-OF-PROGRAMS
import concurrent.futures
import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

import grpc

PODS = 100
IMAGE = "fairlead.test/busybox:1"
BUSYBOX = "/bin/busybox"
HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.abspath(sys.argv[1])
LAB = f"cri{os.getpid()}"
LAB_DIR = f"/run/fairlead-lab/{LAB}"
NODE_NETNS = f"/run/netns/fl-{LAB}-node1"


def run(*argv, **more):
    """Its standard output; an exception with what it said if it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{argv}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def lab(*argv):
    return run(f"{BIN}/fairlead-lab", "--name", LAB, *argv)


def fairlead(*argv):
    return lab("exec", "node1", "--", f"{BIN}/fairlead", *argv)


def pods_known():
    return json.loads(fairlead("pods", "-o", "json"))


def wait_until(what, check, seconds=30):
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not in {seconds} s: {what}")
        time.sleep(0.1)


def say(promise):
    print(f"ok  {promise}", flush=True)


def make_image(path):
    """One layer with busybox, as `docker save` would write it."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for folder in ("bin", "dev", "etc", "proc", "sys", "tmp", "www"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        tar.add(BUSYBOX, "bin/busybox")
        page = tarfile.TarInfo("www/index.html")
        page.size, page.mode = len(b"hello\n"), 0o644
        tar.addfile(page, io.BytesIO(b"hello\n"))
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    config = {"architecture": machine, "os": "linux",
              "config": {"Entrypoint": [BUSYBOX, "sleep", "100000"]},
              "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}
    manifest = [{"Config": "config.json", "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        for name, content in (("config.json", json.dumps(config).encode()),
                              ("layer.tar", layer.getvalue()),
                              ("manifest.json", json.dumps(manifest).encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


class Runtime:
    """A containerd of our own and the calls of its CRI."""

    def __init__(self, folder, cri):
        self.cri, self.folder = cri, folder
        self.pods = set()
        self.socket = f"{folder}/containerd.sock"
        with open(f"{folder}/config.toml", "w", encoding="utf-8") as config:
            config.write(f"""version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{self.socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{IMAGE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{folder}/cni/bin"
    conf_dir = "{folder}/cni/net.d"
""")
        # The one plugin that containerd wants beside ours, for each pod's lo.
        shutil.copy("/usr/lib/cni/loopback", f"{folder}/cni/bin/loopback")
        os.makedirs("/run/containerd", exist_ok=True)
        with open(f"{folder}/log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["nsenter", f"--net={NODE_NETNS}", "unshare", "--mount", "sh", "-c",
                 "mount -t tmpfs none /run/containerd && mount -t tmpfs none /var/lib && "
                 f"exec containerd --config {folder}/config.toml"],
                stdout=log, stderr=log, start_new_session=True)
        self.channel = grpc.insecure_channel(f"unix:{self.socket}")
        wait_until("containerd serves", lambda: os.path.exists(self.socket))
        make_image(f"{folder}/image.tar")
        run("ctr", "--address", self.socket, "--namespace", "k8s.io", "images", "import",
            f"{folder}/image.tar")
        wait_until("the CRI knows the image", lambda: any(
            IMAGE in image.repo_tags
            for image in self.call("Image", "ListImages", cri.Empty(), cri.ListImagesResponse)
            .images))

    def call(self, service, method, request, answer):
        return self.channel.unary_unary(
            f"/runtime.v1.{service}Service/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString)(request, timeout=200)

    def config(self, number):
        config = self.cri.PodSandboxConfig(hostname=f"pod-{number}", log_directory="/tmp")
        config.metadata.name, config.metadata.uid = f"pod-{number}", f"uid-{number}"
        config.metadata.namespace = "shop"
        if number == 0:
            config.port_mappings.add(container_port=8080, host_port=18080)
        return config

    def run_pod(self, number):
        pod = self.call("Runtime", "RunPodSandbox",
                        self.cri.RunPodSandboxRequest(config=self.config(number)),
                        self.cri.RunPodSandboxResponse).pod_sandbox_id
        self.pods.add(pod)
        return pod

    def addresses(self, pod):
        status = self.call("Runtime", "PodSandboxStatus",
                           self.cri.PodSandboxRequest(pod_sandbox_id=pod),
                           self.cri.PodSandboxStatusResponse).status
        return [status.network.ip] + [more.ip for more in status.network.additional_ips]

    def remove_pod(self, pod):
        for method in ("StopPodSandbox", "RemovePodSandbox"):
            self.call("Runtime", method, self.cri.PodSandboxRequest(pod_sandbox_id=pod),
                      self.cri.Empty)
        self.pods.discard(pod)

    def start_container(self, pod, number, *command):
        request = self.cri.CreateContainerRequest(
            pod_sandbox_id=pod, sandbox_config=self.config(number))
        request.config.metadata.name = "main"
        request.config.image.image = IMAGE
        request.config.command.extend(command)
        container = self.call("Runtime", "CreateContainer", request,
                              self.cri.ContainerResponse).container_id
        self.call("Runtime", "StartContainer", self.cri.ContainerRequest(container_id=container),
                  self.cri.Empty)
        return container

    def execute(self, container, *command):
        return self.call("Runtime", "ExecSync",
                         self.cri.ExecSyncRequest(container_id=container, cmd=command, timeout=20),
                         self.cri.ExecSyncResponse)

    def is_network_ready(self):
        status = self.call("Runtime", "Status", self.cri.StatusRequest(),
                           self.cri.StatusResponse).status
        return any(condition.type == "NetworkReady" and condition.status
                   for condition in status.conditions)

    def check(self, pod):
        """CHECK, as libcni calls it: with the result that it has kept of ADD."""
        root = f"/proc/{self.process.pid}/root"
        with open(f"{root}/var/lib/cni/results/fairlead-{pod}-eth0", encoding="utf-8") as kept:
            cache = json.load(kept)
        with open(f"{self.folder}/cni/net.d/10-fairlead.conflist", encoding="utf-8") as file:
            conflist = json.load(file)
        configuration = dict(conflist["plugins"][0], name=conflist["name"],
                             cniVersion=conflist["cniVersion"], prevResult=cache["result"])
        netns = root + next(interface["sandbox"] for interface in cache["result"]["interfaces"]
                            if interface.get("sandbox"))
        return subprocess.run(
            [f"{self.folder}/cni/bin/fairlead-cni"], input=json.dumps(configuration), text=True,
            capture_output=True, timeout=60,
            env={"CNI_COMMAND": "CHECK", "CNI_CONTAINERID": pod, "CNI_IFNAME": "eth0",
                 "CNI_NETNS": netns, "CNI_PATH": f"{self.folder}/cni/bin"}), netns

    def stop(self):
        for pod in list(self.pods):  # of a test that has failed
            with contextlib.suppress(grpc.RpcError):
                self.remove_pod(pod)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


# Connects from the node to a port that nobody listens on: who refuses is there.
REFUSED = """
import socket, sys
for address in sys.stdin.read().split():
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(20)
        try:
            client.connect((address, 9))
        except ConnectionRefusedError:
            continue
        sys.exit(f"{address} took a connection")
"""


def test(runtime, everybody):
    wait_until("the runtime finds the network", runtime.is_network_ready)
    say("containerd found plugin and configuration where fairleadd put them")

    start = time.monotonic()
    pods = list(everybody.map(runtime.run_pod, range(PODS)))
    took = time.monotonic() - start
    addresses = list(everybody.map(runtime.addresses, pods))
    flat = [address for pair in addresses for address in pair]
    assert all(len(pair) == 2 for pair in addresses), addresses
    assert len(set(flat)) == 2 * PODS, "an address was given out twice"
    say(f"{PODS} pods at once got an address of either family, none twice ({took:.1f} s)")

    known = pods_known()
    assert {pod["container"] for pod in known} == set(pods)
    assert {pod["name"] for pod in known} == {f"shop/pod-{n}" for n in range(PODS)}
    assert [pod["host_ports"] for pod in known if pod["container"] == pods[0]] == ["18080/tcp"]
    say("the node knows each by name, container and host port")

    run("nsenter", f"--net={NODE_NETNS}", sys.executable, "-c", REFUSED, input="\n".join(flat))
    say("each is reached by the node, by either family")

    runtime.start_container(pods[0], 0, BUSYBOX, "httpd", "-f", "-p", "8080", "-h", "/www")
    client = runtime.start_container(pods[1], 1, BUSYBOX, "sleep", "1000")
    for address in addresses[0]:
        host = f"[{address}]" if ":" in address else address
        wait_until(f"the page of {host}", lambda h=host: runtime.execute(
            client, BUSYBOX, "wget", "-qO-", f"http://{h}:8080/").stdout == b"hello\n", 10)
    say("a container of one pod reads a page of another's, by either family")

    for pod in pods[:3]:
        checked, netns = runtime.check(pod)
        assert checked.returncode == 0, checked.stdout
    run("nsenter", f"--net={netns}", "ip", "address", "flush", "dev", "eth0", "scope", "global")
    checked, _ = runtime.check(pods[2])
    assert json.loads(checked.stdout)["code"] == 104, checked.stdout
    say("CHECK is content with pods as they are, and not with one that lost its addresses")

    lab("daemon", "kill", "node1")
    list(everybody.map(runtime.remove_pod, pods[:5]))
    lab("daemon", "start", "node1")
    wait_until("5 DELs are completed", lambda: len(pods_known()) == PODS - 5)
    say("pods can be removed while no daemon runs; the next one completes it")

    start = time.monotonic()
    list(everybody.map(runtime.remove_pod, pods[5:]))
    assert pods_known() == []
    links = run("nsenter", f"--net={NODE_NETNS}", "ip", "-o", "link", "show", "type", "veth")
    assert " fl0" not in links, links
    say(f"all are removed, and nothing of them is left ({time.monotonic() - start:.1f} s)")

    lab("daemon", "stop", "node1")
    run("nsenter", f"--net={NODE_NETNS}", f"{BIN}/fairleadd", "cleanup",
        "--state-dir", f"{LAB_DIR}/node1/state", "--run-dir", f"{LAB_DIR}/node1/run",
        "--bpffs", f"{LAB_DIR}/node1/bpffs")
    for installed in ("bin/fairlead-cni", "net.d/10-fairlead.conflist"):
        assert not os.path.exists(f"{runtime.folder}/cni/{installed}"), installed
    assert os.path.exists(f"{runtime.folder}/cni/bin/loopback")
    say("cleanup takes the plugin and its configuration away, and no other")


def main():
    with tempfile.TemporaryDirectory(prefix="fairlead-cri-") as folder:
        run("protoc", f"--proto_path={HERE}", f"--python_out={folder}", f"{HERE}/cri.proto")
        sys.path.insert(0, folder)
        import cri_pb2  # pylint: disable=import-error,import-outside-toplevel

        runtime = None
        try:
            lab("up", "--nodes", "1", "--no-pods", "--", "--cni-bin-dir", f"{folder}/cni/bin",
                "--cni-conf-dir", f"{folder}/cni/net.d")
            wait_until("fairleadd has installed its plugin",
                       lambda: os.path.exists(f"{folder}/cni/net.d/10-fairlead.conflist"))
            runtime = Runtime(folder, cri_pb2)
            with concurrent.futures.ThreadPoolExecutor(PODS) as everybody:
                test(runtime, everybody)
        except BaseException:
            for log in (f"{folder}/log", f"{LAB_DIR}/node1.log"):
                with contextlib.suppress(OSError), open(log, encoding="utf-8") as file:
                    print(f"--- the end of {log}\n{''.join(file.readlines()[-30:])}")
            raise
        finally:
            if runtime:
                runtime.stop()
            lab("down")
            subprocess.run(f"umount -l {folder}/state/netns/* {folder}/state/* 2>/dev/null",
                           shell=True, check=False)


main()

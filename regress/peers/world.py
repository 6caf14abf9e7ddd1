# Copyright (c) 2026 The softflowd authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The namespace of a comparison, what is sent into it, and the processes of an
# exporter; for compare.py, whose arguments it takes.

import ctypes
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time

RATE = 20000            # packets in a second
LIMITS = ["--as=4294967296", "--cpu=60", "--core=0", "--nofile=1024"]
TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36

TOP, WORK = sys.argv[1:3]
NS = "peers%d" % os.getpid()


def read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def run(*argv, **more):
    more.setdefault("timeout", 60)
    return subprocess.run(argv, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True, errors="replace", **more)


def in_ns(*argv):
    return run("ip", "netns", "exec", NS, *argv)


def make_link():
    run("ip", "-n", NS, "link", "add", "va", "mtu", "1600", "type", "veth",
        "peer", "name", "vb", "mtu", "1600")
    for name in ("va", "vb"):
        run("ip", "-n", NS, "link", "set", name, "up")


def make_namespace():
    if run("ip", "netns", "add", NS).returncode != 0:
        sys.exit("no namespace here")
    in_ns("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
          "net.ipv6.conf.default.disable_ipv6=1")
    run("ip", "-n", NS, "link", "set", "lo", "up")
    make_link()


def unseen(name):
    """Frames that end in a VLAN tag: the kernel shows them to nobody."""
    with open(WORK + "/in/" + name + ".pcap", "rb") as f:
        text = f.read()
    count, at = 0, 24
    while at < len(text):
        length, = struct.unpack_from("<I", text, at + 8)
        kind, = struct.unpack_from(">H", text, at + 28)
        count += kind in (0x8100, 0x88a8) and length < 20
        at += 16 + length
    return count


def send(name, rate=RATE):
    """Frames that went out, to be seen."""
    said = in_ns(TOP + "/regress/replay/replay", "-r", str(rate), "va",
                 WORK + "/in/" + name + ".pcap")
    return int(said.stdout) - unseen(name) if said.returncode == 0 else 0


# Processes

def children(pid):
    return [int(p) for p in
            read("/proc/%d/task/%d/children" % (pid, pid)).split()]


def tree(pid):
    found = []
    for child in children(pid):
        found += [child] + tree(child)
    return found


def status(pid, name):
    got = re.search(r"^%s:\s*(.*)$" % name, read("/proc/%d/status" % pid),
                    re.M)
    return got.group(1).strip() if got else ""


def command(pid):
    return read("/proc/%d/cmdline" % pid).replace("\0", " ").strip()


def ticks(pids):
    total = 0
    for pid in pids:
        field = read("/proc/%d/stat" % pid).rpartition(")")[2].split()
        if len(field) > 12:
            total += int(field[11]) + int(field[12])
    return total


class Watch:
    """Processes of an exporter, whoever their parent is; how they end."""

    def __init__(self, argv, log, inherited=None):
        self.path = WORK + "/watch"
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.watch(argv, log, inherited)
            finally:
                os._exit(0)

    def watch(self, argv, log, inherited):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if os.fork() == 0:
            fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(fd, 1)
            os.dup2(fd, 2)
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.closerange(3, 1024)
            if inherited is not None:
                os.dup2(os.open(inherited, os.O_RDONLY), 17)
                os.set_inheritable(17, True)
            os.setsid()
            os.execvp(argv[0], argv)
        died, cpu, peaks = [], 0.0, {}
        while True:
            try:
                pid, how, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid != 0:
                died.append((pid, os.waitstatus_to_exitcode(how)))
                cpu += used.ru_utime + used.ru_stime
                continue
            for pid in tree(os.getpid()):
                peak = status(pid, "VmHWM").split()
                if peak:
                    peaks[pid] = max(peaks.get(pid, 0), int(peak[0]))
            time.sleep(0.03)
        with open(self.path, "w") as out:
            json.dump({"died": died, "cpu": cpu,
                       "peak": sum(peaks.values())}, out)

    def pids(self):
        return tree(self.pid)

    def wait(self, seconds):
        """Whether all ended in time; then the facts."""
        ended = True
        limit = time.monotonic() + seconds
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > limit:
                ended = False
                for pid in self.pids():
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            time.sleep(0.05)
        return ended, json.loads(read(self.path))

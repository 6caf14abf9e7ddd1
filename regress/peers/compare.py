# Copyright (c) 2026 The softflowd authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Give the same hostile inputs to each exporter, each time in a namespace of
# its own, and write what became of it as JSON.  Called by compare.sh:
#
#	compare.py top work out exporter=program ... [-- input ...]

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

from exporters import CLASSES
from world import (LIMITS, NS, TICKS, TOP, WORK, Watch, make_link,
                   make_namespace, read, run, send, status, ticks)

END_SECONDS = 15        # between the wish to end and SIGKILL
FILE_SECONDS = 60      # pmacctd takes 4 to do nothing
OUT = sys.argv[3]


# One run: collector, exporter, what happens, the probe, the end.  Filler comes
# last and counts nowhere: softflowd 1.1.0 reads packets only when the kernel
# has filled a block with them.

class Collector:
    def __init__(self):
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", NS,
             TOP + "/regress/collector/collector", "-s", "-u", "-p", "9995",
             "-P", WORK + "/port", "-w", WORK + "/sums"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if os.path.exists(WORK + "/port"):
                break
            time.sleep(0.05)
        os.unlink(WORK + "/port")

    def stop(self):
        """Packets in all, and in the flow of the probe."""
        time.sleep(0.3)
        self.process.terminate()
        self.process.wait()
        packets = probe = 0
        for line in read(WORK + "/sums").splitlines():
            field = line.split("\t")
            if len(field) < 8 or not field[6].isdigit():
                continue
            if field[4:6] == ["40003", "40004"]:
                continue
            packets += int(field[6])
            if field[4:6] == ["40001", "40002"]:
                probe += int(field[6])
        return packets, probe


def live_run(exporter, act, inherited=None):
    make_namespace()
    collector = Collector() if act is not unreachable else None
    try:
        exporter.start(inherited)
        first = exporter.parser()
        pids = set(exporter.watch.pids())
        result = {}
        sent = act(exporter, result)
        time.sleep(2.5)
        before = ticks(exporter.watch.pids())
        time.sleep(1)
        result["spins"] = \
            ticks(exporter.watch.pids()) - before > 0.5 * TICKS
        result["replaced"] = exporter.parser() not in (None, first)
        if collector is None:
            collector = Collector()
        sent += send("probe")
        send("filler", 4000)
        time.sleep(2)
        result["alive"] = exporter.parser() is not None
        try:
            result["counted"] = exporter.counted() if result["alive"] else 0
        except (OSError, subprocess.TimeoutExpired, TypeError):
            result["counted"] = 0
        early = exporter.watch.pids()
        result["left"] = len(pids - set(early))
        exporter.stop()
        ended, facts = exporter.watch.wait(END_SECONDS)
        packets, probe = collector.stop()
        # What ended by a signal that nobody sent.
        crashes = sorted({-how for _, how in facts["died"] if how < 0} -
                         {int(exporter.signal), 9, result.get("signal", 0)})
        result.update(sent=sent, exported=packets, probe=probe,
                      cpu=round(facts["cpu"], 2), peak=facts["peak"],
                      ended=ended, crashes=crashes)
        result["silent"] = sent - packets - result["counted"]
        return result
    finally:
        for pid in run("ip", "netns", "pids", NS).stdout.split():
            os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "del", NS)


def frames(name):
    def act(exporter, result):
        return send(name)
    return act


def killed_by(number):
    """The process that parses gets a signal in the middle of the load."""
    def act(exporter, result):
        load = subprocess.Popen(
            ["ip", "netns", "exec", NS, TOP + "/regress/replay/replay", "-r",
             "4000", "va", WORK + "/in/steady.pcap"], stdout=subprocess.PIPE,
            text=True)
        time.sleep(2)
        result["signal"] = int(number)
        os.kill(exporter.parser(), number)
        return int(load.communicate()[0])
    return act


def control_abuse(exporter, result):
    """Silent, hostile and endless clients of the control socket at once."""
    rest = []
    for content in [b""] * 12 + [b"\0" * 4, b"\xff" * 65536, b"A" * 100000,
                                 os.urandom(4096)] * 8:
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(0.2)
        try:
            one.connect(WORK + "/ctl")
            one.sendall(content)
        except OSError:
            pass
        rest.append(one)
    sent = send("steady", 8000)
    for one in rest:
        one.close()
    return sent


def unreachable(exporter, result):
    """Nobody listens at the collector's port until after the input."""
    return send("steady", 8000)


def interface_again(exporter, result):
    """The interface is deleted and made again."""
    sent = send("steady", 8000)
    time.sleep(2.5)
    run("ip", "-n", NS, "link", "del", "va")
    time.sleep(1)
    make_link()
    time.sleep(2)
    return sent + send("steady", 8000)


def facts(exporter):
    """What /proc says of the process that parses."""
    make_namespace()
    secret = WORK + "/secret"
    with open(secret, "w") as out:
        out.write("inherited\n")
    try:
        exporter.start(secret)
        pid = exporter.parser()
        proc = "/proc/%d/" % pid
        held = []
        for fd in os.listdir(proc + "fd"):
            try:
                held.append(os.readlink(proc + "fd/" + fd))
            except OSError:
                pass
        uid = status(pid, "Uid").split()[1]
        root = os.readlink(proc + "root")
        owner = os.stat(proc + "mem").st_uid
        found = {
            "user id": uid,
            "capabilities": "none" if int(status(pid, "CapEff"), 16) == 0
            else "%d" % int(status(pid, "CapEff"), 16).bit_count(),
            "system calls filtered": "yes" if status(pid, "Seccomp") == "2"
            else "no",
            "no new privileges": "yes" if status(pid, "NoNewPrivs") == "1"
            else "no",
            "root directory": "/" if root == "/" else "an empty directory"
            if not os.listdir(proc + "root") else root,
            "may be traced by its user": "it is root" if uid == "0" else
            "no" if owner == 0 else "yes",
            "pages writable and executable": sum(
                " rwx" in line or " -wx" in line
                for line in read(proc + "maps").splitlines()),
            "inherited descriptor kept": "yes" if secret in held else "no",
            "files it could still make": re.search(
                r"Max file size\s+(\S+)", read(proc + "limits")).group(1
            ).replace("unlimited", "any size").replace("0", "none"),
        }
        exporter.stop()
        exporter.watch.wait(END_SECONDS)
        found.update(hardening(exporter.program))
        return found
    finally:
        for left in run("ip", "netns", "pids", NS).stdout.split():
            os.kill(int(left), signal.SIGKILL)
        run("ip", "netns", "del", NS)


def hardening(program):
    dynamic = run("readelf", "-dW", program).stdout
    symbols = run("readelf", "-W", "--dyn-syms", program).stdout
    head = run("readelf", "-lhW", program).stdout
    return {
        "position independent": "yes" if "PIE" in dynamic or
        "Position-Independent" in head else "no",
        "RELRO": "full" if "GNU_RELRO" in head and "NOW" in dynamic else
        "partial" if "GNU_RELRO" in head else "none",
        "stack protector": "yes" if "__stack_chk_fail" in symbols else "no",
        "fortified calls": len(set(re.findall(r"UND (__\w+_chk)@", symbols)) -
                               {"__stack_chk_fail"}),
        "shadow stack mark": "yes" if "SHSTK" in run(
            "readelf", "-nW", program).stdout else "no",
    }


def files_run(exporter):
    """Damaged files and the frames above as files, one process each."""
    names = sorted(os.listdir(WORK + "/in/files"))
    paths = [WORK + "/in/files/" + n for n in names] + [
        WORK + "/in/%s.pcap" % n for n in FRAMES]
    result = {"files": len(paths), "crashed": {}, "hung": [], "read": 0,
              "refused": 0, "cpu": 0.0, "peak": 0}
    make_namespace()
    try:
        for path in paths:
            exporter.watch = Watch(
                ["ip", "netns", "exec", NS, "prlimit", *LIMITS, "nice", "-n",
                 "5", "sh", "-c", exporter.prepare + ' && exec "$@"', "sh",
                 *exporter.offline(path)], WORK + "/log")
            ended, seen = exporter.watch.wait(FILE_SECONDS)
            crashes = [-how for _, how in seen["died"] if how < 0]
            name = os.path.basename(path)[:-5]
            result["cpu"] = round(result["cpu"] + seen["cpu"], 2)
            result["peak"] = max(result["peak"], seen["peak"])
            if not ended:
                result["hung"].append(name)
            elif crashes:
                result["crashed"][name] = crashes
            elif any(how for _, how in seen["died"]):
                result["refused"] += 1
            else:
                result["read"] += 1
        return result
    finally:
        run("ip", "netns", "del", NS)


FRAMES = ("truncated", "lengths", "empty", "extensions", "tunnels", "stacks",
          "noise", "fragments", "flows", "syn", "steady")
EVENTS = {"kill": killed_by(signal.SIGKILL), "segv": killed_by(signal.SIGSEGV),
          "control": control_abuse, "unreachable": unreachable,
          "interface": interface_again}


def main():
    words = sys.argv[4:]
    only = words[words.index("--") + 1:] if "--" in words else []
    pairs = [w.split("=", 1) for w in words if "=" in w]
    if os.path.exists(OUT):
        with open(OUT) as f:
            results = json.load(f)
    else:
        results = {}
    for key, program in pairs:
        exporter = CLASSES[key](program)
        mine = results.setdefault(key, {"runs": {}})
        mine["name"], mine["version"] = exporter.name, exporter.version()
        mine["command"] = " ".join(exporter.live()[1:]).replace(WORK, "DIR")
        acts = {name: frames(name) for name in FRAMES}
        acts.update(EVENTS)
        for name, act in acts.items():
            if only and name not in only:
                continue
            if name == "control" and not exporter.socket:
                continue
            got = live_run(exporter, act)
            mine["runs"][name] = got
            print(exporter.name, name, got, flush=True)
        if not only or "facts" in only:
            mine["facts"] = facts(exporter)
            print(exporter.name, mine["facts"], flush=True)
        if exporter.reads_files and (not only or "files" in only):
            mine["files"] = files_run(exporter)
            print(exporter.name, mine["files"], flush=True)
        with open(OUT, "w") as f:
            json.dump(results, f, indent=1)


if __name__ == "__main__":
    main()

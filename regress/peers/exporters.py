# Copyright (c) 2026 The softflowd authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The exporters that are compared, each with sensible options.

import os
import re
import signal
import subprocess
import sys
import time

from world import (LIMITS, NS, TOP, WORK, Watch, command, read, run)

class Exporter:
    ipv6 = True
    reads_files = True
    socket = False
    signal = signal.SIGTERM
    prepare = ":"

    def __init__(self, program):
        self.program = program

    def start(self, inherited=None):
        self.watch = Watch(
            ["ip", "netns", "exec", NS, "prlimit", *LIMITS, "nice", "-n", "5",
             "sh", "-c", self.prepare + ' && exec "$@"', "sh", *self.live()],
            WORK + "/log", inherited)
        for _ in range(100):
            time.sleep(0.1)
            pids = self.watch.pids()
            if any(read("/proc/%d/net/packet" % p).count("\n") > 1
                   for p in pids) and self.parser():
                time.sleep(1)
                return
        sys.exit("%s does not start:\n%s" % (self.name, read(WORK + "/log")))

    def parser(self):
        """The process that parses packets."""
        pids = [p for p in self.watch.pids() if self.is_parser(command(p))]
        return pids[0] if pids else None

    def is_parser(self, line):
        return line.startswith(self.program)

    def counted(self):
        return 0

    def stop(self):
        """Asked of the process that takes it, or of all that are left."""
        pids = self.watch.pids()
        for pid in [p for p in pids if self.takes_signal(p)] or pids:
            os.kill(pid, self.signal)

    def takes_signal(self, pid):
        return self.is_parser(command(pid))


class Ours(Exporter):
    name, socket = "softflowd", True

    def version(self):
        return run(self.program, "-V").stdout.strip().splitlines()[0]

    def live(self):
        return [self.program, "-d", "-p", WORK + "/pid", "-c", WORK + "/ctl",
                "-i", "vb", "-v", "9", "-m", "65536", "-n", "127.0.0.1:9995"]

    def offline(self, path):
        return [self.program, "-r", path, "-v", "9", "-n", "127.0.0.1:9995"]

    def is_parser(self, line):
        return "worker" in line and "softflowd" in line

    def takes_signal(self, pid):
        return self.watch.pids().index(pid) == 0

    def counted(self):
        said = run(TOP + "/softflowctl/softflowctl", "-c", WORK + "/ctl",
                   "statistics").stdout
        total = 0
        for name, value in re.findall(r"^\s*([a-z0-9_]+)\s+(\d+)$", said,
                                      re.M):
            if name.startswith("drop_") or name in (
                    "frames_filtered", "own_export", "second_sightings",
                    "packets_not_exportable", "packets_unsent",
                    "packets_no_collector", "packets_lost",
                    "frames_skipped", "kernel_dropped"):
                total += int(value)
        self.statistics = said
        return total


class Old(Exporter):
    name, socket = "softflowd 1.1.0", True
    # As Debian's package does; ip netns exec has made /run our own to cover.
    prepare = "mount -t tmpfs none /run && mkdir -p /run/softflowd/chroot"

    def version(self):
        said = run(self.program, "-h").stdout
        return "softflowd " + re.search(r"version (\S*[0-9])", said).group(1)

    def live(self):
        return [self.program, "-i", "vb", "-p", WORK + "/pid", "-c",
                WORK + "/ctl", "-v", "9", "-m", "65536", "-n",
                "127.0.0.1:9995"]

    def offline(self, path):
        return [self.program, "-r", path, "-v", "9", "-n", "127.0.0.1:9995"]

    def control(self, word):
        try:
            return run(self.program[:-1] + "ctl", "-c", WORK + "/ctl", word,
                       timeout=5).stdout
        except subprocess.TimeoutExpired:
            return ""

    def counted(self):
        said = self.control("statistics")
        return sum(int(n) for n in re.findall(
            r"^(?:Ignored packets|Packets dropped by \w+): (\d+)", said, re.M))

    def stop(self):
        if "Shutting down" not in self.control("shutdown"):
            super().stop()


class Fprobe(Exporter):
    name, ipv6, reads_files = "fprobe", False, False

    def version(self):
        return re.search(r"Version \S+", run(self.program, "-h").stdout
                         ).group(0).replace("Version", "fprobe")

    def live(self):
        return [self.program, "-l", "2", "-i", "vb", "-f", "ip", "-B",
                "32768", "-q", "100000", "127.0.0.1:9995"]


class Pmacctd(Exporter):
    name, signal = "pmacctd", signal.SIGINT

    def version(self):
        return re.search(r"pmacctd [0-9.]+",
                         run(self.program, "-V").stdout).group(0)

    def configure(self, *more):
        with open(WORK + "/pmacctd.conf", "w") as out:
            out.write("\n".join((
                "daemonize: false", "plugins: nfprobe",
                "nfprobe_receiver: 127.0.0.1:9995", "nfprobe_version: 9",
                "nfprobe_maxflows: 65536", "plugin_pipe_size: 10240000",
                "plugin_buffer_size: 10240", "aggregate: src_host, dst_host, "
                "src_port, dst_port, proto, tos, tcpflags") + more) + "\n")
        return [self.program, "-f", WORK + "/pmacctd.conf"]

    def live(self):
        return self.configure("pcap_interface: vb",
                              "pcap_interface_wait: true",
                              "pcap_buffer_size: 33554432")

    def offline(self, path):
        return self.configure("pcap_savefile: " + path)

    def is_parser(self, line):
        return "Core Process" in line

    def counted(self):
        os.kill(self.parser(), signal.SIGUSR1)
        time.sleep(0.5)
        said = re.findall(r"dropped_packets=(\d+)", read(WORK + "/log"))
        return int(said[-1]) if said else 0


CLASSES = {"ours": Ours, "old": Old, "fprobe": Fprobe, "pmacctd": Pmacctd}

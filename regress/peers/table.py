# Copyright (c) 2026 The softflowd authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What compare.py measured as Markdown:
#
#	table.py results.json page.md [security.md]
#
# writes the page, and the short table between the marks of security.md.

import json
import os
import platform
import signal
import sys

BEGIN, END = "<!-- peers: begin -->\n", "<!-- peers: end -->\n"

INPUTS = (
    ("truncated", "headers cut at each octet"),
    ("lengths", "lengths that lie"),
    ("empty", "empty and uniform frames"),
    ("extensions", "IPv6 extension headers, up to 180"),
    ("tunnels", "tunnels, up to 64 deep"),
    ("stacks", "VLAN tags and MPLS labels, up to 300"),
    ("noise", "20,000 random frames"),
    ("fragments", "100,000 fragments, none complete"),
    ("flows", "100,000 new flows, room for 65,536"),
    ("syn", "100,000 SYN of made-up sources"),
    ("steady", "16,000 ordinary packets"),
    ("kill", "the same, the parsing process killed (KILL)"),
    ("segv", "the same, crashed (SEGV)"),
    ("control", "the same, 44 hostile clients of the control socket"),
    ("unreachable", "the same, no collector until later"),
    ("interface", "the same twice, interface made anew between"),
)
ORDER = ("ours", "old", "fprobe", "pmacctd")
ONLY_IPV6 = ("extensions",)


def thousands(n):
    return format(n, ",")


def hung(run):
    return run["spins"] or not run["ended"]


def outcome(key, name, run):
    """In words, and packets that nobody told of."""
    if run is None:
        return "has none" if name == "control" else "not run"
    if key == "fprobe" and name in ONLY_IPV6:
        return "reads IPv4 only"
    lost = max(run["silent"], 0)
    if hung(run) and (run["alive"] or name not in ("kill", "segv")):
        return "**hangs**"
    if run["crashes"]:
        return "**crashes** (%s)" % ", ".join(
            signal.Signals(n).name for n in run["crashes"])
    if not run["alive"]:
        return "**ends**, all %s lost" % thousands(lost) \
            if lost >= run["sent"] else "**ends**, %s lost" % thousands(lost)
    word = "survives"
    if name in ("kill", "segv"):
        word = "is replaced"
    if run["probe"] != 5:
        word = "lives, but **meters no more**"
    if lost == 0:
        return word
    return "%s, %s of %s unaccounted" % (word, thousands(lost),
                                         thousands(run["sent"]))


def row(*cells):
    return "| " + " | ".join(str(c) for c in cells) + " |\n"


def head(*cells):
    return row(*cells) + "|" + "---|" * len(cells) + "\n"


def files_cell(mine):
    got = mine.get("files")
    if got is None:
        return "reads no files"
    bad = []
    if got["hung"]:
        bad.append("**hangs** on %d" % len(got["hung"]))
    if got["crashed"]:
        bad.append("**crashes** on %d" % len(got["crashed"]))
    return ", ".join(bad) or "survives"


def short(results):
    text = head("Input", *(m["version"] for m in results.values()))
    for name, title in INPUTS:
        if any(name in m["runs"] for m in results.values()):
            text += row(title, *(outcome(k, name, m["runs"].get(name))
                                 for k, m in results.items()))
    n = [m["files"]["files"] for m in results.values() if "files" in m]
    if n:
        text += row("%d capture files, most of them damaged" % n[0],
                    *(files_cell(m) for m in results.values()))
    text += "\n" + head("The process that parses",
                        *(m["version"] for m in results.values()))
    names = []
    for mine in results.values():
        names += [n for n in mine.get("facts", ()) if n not in names]
    for name in names:
        text += row(name, *(m.get("facts", {}).get(name, "")
                            for m in results.values()))
    return text


def page(results):
    text = """# The same hostile inputs for other exporters

Written by `sh regress/peers/compare.sh`, never by hand, on Linux %s.

Each input goes to each exporter once, in a network namespace of its own, over
a pair of virtual interfaces at 20,000 frames a second (4,000 to 8,000 where
something happens meanwhile); then five packets of one more flow, which must be
exported, and filler, which counts nowhere. *Unaccounted* is what was sent less
what the collector was told and less what the exporter itself counts as dropped,
ignored or lost. Frames that the kernel shows nobody (shorter than a VLAN tag)
do not count as sent. *Hangs* is who uses a processor for nothing afterwards or
does not end within %d seconds of being asked to. Limits: 60 seconds of
processor time, 4 GiB, 1,024 descriptors, no core.

""" % (platform.release(), 15)
    for mine in results.values():
        text += "* %s: `%s`\n" % (mine["version"], mine["command"])
    text += """
softflowd 1.1.0 runs as a daemon with its empty directory, as Debian starts it;
fprobe and pmacctd as root, as their packages start them. pmacctd's file is
in `exporters.py`: its nfprobe plugin, NetFlow v9, a table of 65,536.

Whoever *ends* may be started again by a service manager; what it had in hand is
gone by then, and with it the count.

Not run: steps of the clock, which a network namespace shares with the whole
machine, and IPv6 for fprobe, which does not read it. What a peer loses where
it says nothing may be a choice: a frame that holds no packet is no loss, but
nobody can tell from its counters.

"""
    text += short(results) + "\n"
    text += head("Input", "Exporter", "Outcome", "Sent", "Exported",
                 "Counted", "Unaccounted", "CPU s", "Peak MiB")
    for name, title in INPUTS:
        for key, mine in results.items():
            run = mine["runs"].get(name)
            if run is None:
                continue
            text += row(title, mine["name"], outcome(key, name, run),
                        run["sent"], run["exported"], run["counted"],
                        run["silent"], run["cpu"], run["peak"] // 1024)
    text += "\nCapture files:\n\n"
    for mine in results.values():
        got = mine.get("files")
        if got is None:
            continue
        text += "* %s: %d read, %d refused, %d hang, %d crash; " \
            "%s s of processor time\n" % (
                mine["name"], got["read"], got["refused"], len(got["hung"]),
                len(got["crashed"]), got["cpu"])
        for word, names in (("hangs on", got["hung"]),
                            ("crashes on", sorted(got["crashed"]))):
            if names:
                text += "  %s %s\n" % (word, ", ".join(names))
    return text


def main():
    with open(sys.argv[1]) as f:
        found = json.load(f)
    results = {k: found[k] for k in ORDER if k in found}
    with open(sys.argv[2], "w") as out:
        out.write(page(results))
    if len(sys.argv) < 4:
        return
    with open(sys.argv[3]) as f:
        before, _, rest = f.read().partition(BEGIN)
    after = rest.partition(END)[2]
    if END not in rest:
        sys.exit("%s has no marks" % os.path.basename(sys.argv[3]))
    with open(sys.argv[3], "w") as out:
        out.write(before + BEGIN + short(results) + END + after)


if __name__ == "__main__":
    main()

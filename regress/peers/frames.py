# Copyright (c) 2026 The softflowd authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Frames and capture files that exporters may trip over, made up by rule:
#
#	frames.py directory
#
# writes one capture NAME.pcap of Ethernet frames for each kind of input, and
# files/NAME.pcap, which are damaged themselves.  The same every time.

import os
import random
import struct
import sys

ETHER = bytes.fromhex("020000000002020000000001")
IP, IP6, VLAN, QINQ = 0x800, 0x86dd, 0x8100, 0x88a8
MPLS, PPPOE = 0x8847, 0x8864
SENT_AT = 1700000000


def ether(kind, data):
    return ETHER + struct.pack(">H", kind) + data


def ip4(proto, data, src=1, dst=2, ihl=5, total=None, frag=0, ident=1,
        version=4, options=b""):
    length = 20 + len(options) + len(data) if total is None else total
    return struct.pack(">BBHHHBBHII", version << 4 | ihl, 0, length, ident,
                       frag, 64, proto, 0, 0x0a000000 + src,
                       0x0a000000 + dst) + options + data


def ip6(proto, data, length=None):
    return struct.pack(">IHBB", 6 << 28, len(data) if length is None
                       else length, proto, 64) + \
        bytes.fromhex("fd00" + "00" * 13 + "01") + \
        bytes.fromhex("fd00" + "00" * 13 + "02") + data


def udp(data=b"", sport=1000, dport=2000, length=None):
    return struct.pack(">HHHH", sport, dport, 8 + len(data) if length is None
                       else length, 0) + data


def tcp(sport=1000, dport=2000, flags=2, offset=5):
    return struct.pack(">HHIIBBHHH", sport, dport, 1, 0, offset << 4, flags,
                       1000, 0, 0)


def gre(kind, data, flags=0):
    return struct.pack(">HH", flags, kind) + data


def vxlan(frame):
    return udp(bytes.fromhex("0800000000000100") + frame, dport=4789)


def tags(depth, kind, data):
    for i in range(depth):
        data = struct.pack(">HH", i & 0xfff, kind) + data
        kind = QINQ if i & 1 else VLAN
    return ether(kind, data)


def labels(depth, bottom, data):
    stack = [(i + 16) << 12 | 64 for i in range(depth)]
    if stack and bottom:
        stack[-1] |= 0x100
    return ether(MPLS, struct.pack(">%dI" % depth, *stack) + data)


def samples():
    """One good frame of each kind."""
    inner = ip4(17, udp(b"x" * 8))
    six = ip6(6, tcp())
    yield ether(IP, ip4(6, tcp()))
    yield ether(IP, inner)
    yield ether(IP, ip4(1, b"\x08\0" + bytes(6)))
    yield ether(IP, ip4(132, bytes(12)))
    yield ether(IP6, six)
    yield ether(IP6, ip6(0, b"\x06\0" + bytes(6) + tcp()))
    yield ether(IP6, ip6(44, b"\x11\0\0\0" + bytes(4) + udp()))
    yield tags(2, IP, inner)
    yield labels(2, True, inner)
    yield ether(PPPOE, b"\x11\0\0\1" + struct.pack(">HH", len(inner) + 2, 0x21)
                + inner)
    yield ether(IP, ip4(4, inner))
    yield ether(IP, ip4(41, six))
    yield ether(IP, ip4(47, gre(IP, inner)))
    yield ether(IP, ip4(17, vxlan(ether(IP, inner))))


def truncated():
    """Each good frame cut after each octet of its headers."""
    for frame in samples():
        for cut in range(14, len(frame)):
            yield frame[:cut]


def lengths():
    """Lengths in headers that lie: none, too short, longer than the frame."""
    for ihl in range(16):
        yield ether(IP, ip4(6, tcp(), ihl=ihl))
    for total in (0, 1, 19, 20, 21, 39, 41, 1500, 65535):
        yield ether(IP, ip4(6, tcp(), total=total))
        yield ether(IP, ip4(17, udp(), total=total))
    for offset in range(16):
        yield ether(IP, ip4(6, tcp(offset=offset)))
    for length in (0, 1, 7, 9, 65535):
        yield ether(IP, ip4(17, udp(length=length)))
        yield ether(IP6, ip6(17, udp(length=length)))
        yield ether(IP6, ip6(17, udp(), length=length))
    for version in range(16):
        yield ether(IP, ip4(17, udp(), version=version))
        yield ether(IP6, ip4(17, udp(), version=version))
    for option in range(256):
        yield ether(IP, ip4(17, udp(), ihl=6,
                            options=bytes((option, option, 0, 255))))
    for proto in range(256):
        yield ether(IP, ip4(proto, b""))
        yield ether(IP6, ip6(proto, b""))


def empty():
    """IP headers of no length, and frames of one octet repeated."""
    for kind in (IP, IP6, VLAN, MPLS, PPPOE, 0, 0x0806, 0xffff):
        for octet in (0, 1, 0x45, 0x60, 0xff):
            for size in (0, 1, 4, 20, 40, 60, 500):
                yield ether(kind, bytes([octet]) * size)


def extensions():
    """Chains of IPv6 extension headers: whole, cut and lying."""
    for kind in (0, 43, 44, 51, 60, 135, 139, 140):
        for depth in list(range(1, 20)) + [50, 100, 180]:
            data = (bytes((kind, 0)) + bytes(6)) * (depth - 1) + \
                b"\x11\0" + bytes(6) + udp()
            yield ether(IP6, ip6(kind, data))
            yield ether(IP6, ip6(kind, data[:depth * 8 - 3]))
            yield ether(IP6, ip6(kind, data[:depth * 8 - 7]))
            yield ether(IP6, ip6(kind, bytes((kind, 255)) + data[2:]))


def tunnels():
    """Tunnels in tunnels, also cut inside."""
    for depth in range(1, 65):
        four = four_gre = ip4(17, udp())
        frame = ether(IP, four)
        for _ in range(depth):
            four = ip4(4, four)
            four_gre = ip4(47, gre(IP, four_gre))
            if len(frame) < 1400:
                frame = ether(IP, ip4(17, vxlan(frame)))
        mixed = ip6(17, udp())
        for i in range(min(depth, 30)):
            mixed = ip6(4, ip4(41, mixed)) if i & 1 else ip4(41, mixed) \
                if mixed[0] >> 4 == 6 else ip6(4, mixed)
        for one in (ether(IP, four), ether(IP, four_gre), frame,
                    ether(IP if mixed[0] >> 4 == 4 else IP6, mixed)):
            yield one[:1500]
            yield one[:min(len(one), 1500) - 5]


def stacks():
    """Stacks of VLAN tags and MPLS labels, also without an end."""
    packet = ip4(17, udp())
    for depth in list(range(1, 24)) + [50, 100, 200, 300]:
        for data in (packet, b""):
            yield tags(depth, IP, data)
            yield tags(depth, VLAN, data)
            yield labels(depth, True, data)
            yield labels(depth, False, data)


def noise():
    """Random octets behind headers that promise something."""
    rand = random.Random(1)
    for _ in range(20000):
        data = rand.randbytes(rand.randrange(0, 120))
        yield rand.choice((
            lambda: ether(rand.choice((IP, IP6, VLAN, MPLS, PPPOE)), data),
            lambda: ether(IP, ip4(rand.choice((1, 4, 6, 17, 41, 47)), data)),
            lambda: ether(IP6, ip6(rand.choice((0, 6, 17, 43, 44, 60)), data)),
        ))()


def fragments():
    """First and middle fragments of datagrams that never become whole."""
    for i in range(100000):
        yield ether(IP, ip4(17, udp(b"x" * 24, length=3000) if i % 4 == 0
                            else b"y" * 24, src=i % 60000, ident=i & 0xffff,
                            frag=0x2000 | (0 if i % 4 == 0 else i % 100 + 4)))


def flows():
    """New flows, more than the table has room for."""
    for i in range(100000):
        yield ether(IP, ip4(17, udp(b"x" * 10, i % 50000 + 1024, 53),
                            src=i // 10, dst=i % 65000))


def syn():
    """SYNs of made-up sources to one port."""
    for i in range(100000):
        yield ether(IP, ip4(6, tcp(i % 60000 + 1024, 80),
                            src=i * 7919 & 0xffffff))


def steady():
    """A hundred ordinary flows of 160 packets, in turns."""
    for i in range(16000):
        yield ether(IP, ip4(17, udp(b"x" * 50, 3000 + i % 100, 4000)))


def probe():
    """Five packets of one flow: what an exporter that lives exports."""
    for _ in range(5):
        yield ether(IP, ip4(17, udp(b"alive", 40001, 40002), 77, 78))


def filler():
    """Something behind it all."""
    for _ in range(3000):
        yield ether(IP, ip4(17, udp(b"filler", 40003, 40004), 79, 80))


KINDS = (truncated, lengths, empty, extensions, tunnels, stacks, noise,
         fragments, flows, syn, steady, probe, filler)


def header(magic=0xa1b2c3d4, version=(2, 4), snaplen=65535, link=1):
    return struct.pack("<IHHIIII", magic, *version, 0, 0, snaplen, link)


def record(data, caplen=None, wirelen=None, sec=SENT_AT, usec=0):
    length = len(data)
    return struct.pack("<IIII", sec & 0xffffffff, usec & 0xffffffff,
                       length if caplen is None else caplen,
                       length if wirelen is None else wirelen) + data


def block(kind, body, total=None):
    length = 12 + len(body) if total is None else total
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def damaged_files():
    """Name and content of files that no capture program wrote."""
    frames = list(samples())
    good = header() + b"".join(record(f) for f in frames)
    yield "nothing", b""
    for cut in list(range(1, 25)) + [30, 39, 40, 41, 80, len(good) - 1]:
        yield "cut-%d" % cut, good[:cut]
    for name, start in (("magic", header(magic=0x12345678)),
                        ("version", header(version=(99, 99))),
                        ("snaplen-0", header(snaplen=0)),
                        ("snaplen-max", header(snaplen=0xffffffff))):
        yield name, start + good[24:]
    for link in (0, 12, 14, 101, 105, 113, 127, 147, 276, 9999, 0xffffffff):
        yield "link-%d" % link, header(link=link) + good[24:]
    frame = frames[0]
    for caplen in (0, 1, 13, 65536, 262145, 0x7fffffff, 0xffffffff):
        yield "caplen-%d" % caplen, good + record(frame, caplen=caplen)
    for wirelen in (0, 1, 0x7fffffff, 0xffffffff):
        yield "wirelen-%d" % wirelen, header() + record(frame, wirelen=wirelen)
    for sec, usec in ((0, 0), (0xffffffff, 0), (0x80000000, 0),
                      (SENT_AT, 0xffffffff), (SENT_AT, 1000000)):
        yield "time-%d-%d" % (sec, usec), header() + record(
            frame, sec=sec, usec=usec) + record(frame)
    yield "backwards", header() + b"".join(
        record(f, sec=SENT_AT - i * 86400) for i, f in enumerate(frames))
    section = struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)
    interface = struct.pack("<HHI", 1, 0, 65535)
    packet = struct.pack("<IIIII", 0, 0, 0, len(frame), len(frame)) + \
        frame + bytes(-len(frame) % 4)
    start = block(0x0a0d0d0a, section) + block(1, interface)
    yield "ng-good", start + block(6, packet)
    yield "ng-no-interface", block(0x0a0d0d0a, section) + block(6, packet)
    yield "ng-interface-9", start + block(6, b"\x09" + packet[1:])
    for total in (0, 4, 8, 11, 13, 0x7fffffff, 0xfffffffc):
        yield "ng-block-%d" % total, start + block(6, packet, total)
    yield "ng-resolution", block(0x0a0d0d0a, section) + block(
        1, interface + struct.pack("<HHB3xHH", 9, 1, 0xff, 0, 0)) + \
        block(6, packet)
    rand = random.Random(2)
    for i in range(60):
        text = bytearray(good)
        for _ in range(rand.randrange(1, 40)):
            text[rand.randrange(24 if i % 2 else 0, len(text))] = \
                rand.randrange(256)
        yield "random-%d" % i, bytes(text)


def write_capture(path, frames):
    with open(path, "wb") as out:
        out.write(header())
        for frame in frames:
            out.write(record(frame[:1514]))


def main():
    where = sys.argv[1]
    for kind in KINDS:
        write_capture(os.path.join(where, kind.__name__ + ".pcap"), kind())
    os.makedirs(os.path.join(where, "files"), exist_ok=True)
    for name, content in damaged_files():
        with open(os.path.join(where, "files", name + ".pcap"), "wb") as out:
            out.write(content)


if __name__ == "__main__":
    main()

#
# Make a capture in pcap format of the packets that are described.  Lines of
# the output are a number to sort them by and octal escapes for printf(1).  A
# line of the input is a time in seconds after 1700000000, and words:
#
#	count, step	repeat it so many times, so many seconds apart
#	link		what comes before the IP header, in hexadecimal
#	src, dst	addresses; an IPv6 one has "::" once
#	proto		tcp, udp, icmp, icmp6 or a number
#	tos, flags	in hexadecimal
#	sport, dport, type, code, id
#	frag, more	octets before this fragment; whether there are more
#	data, pad	octets of payload, and behind the packet
#	total		the IP packet's length, if not all of it is captured
#
# The variable linktype is the capture's, 1 (Ethernet) by default.

BEGIN {
	ETHERNET = "020000000002020000000001"
	number["tcp"] = 6
	number["udp"] = 17
	number["icmp"] = 1
	number["icmp6"] = 58
	if (linktype == "")
		linktype = 1
	print -1, octal("a1b2c3d400020004" hex(0, 16) hex(65535, 8) \
	    hex(linktype, 8))
}

function hex(n, digits,  text) {
	for (text = ""; digits > 0; digits--) {
		text = substr("0123456789abcdef", n % 16 + 1, 1) text
		n = int(n / 16)
	}
	return text
}

function octal(text,  i, high, low, out) {
	out = ""
	for (i = 1; i < length(text); i += 2) {
		high = index("0123456789abcdef", substr(text, i, 1)) - 1
		low = index("0123456789abcdef", substr(text, i + 1, 1)) - 1
		out = out sprintf("\\%03o", high * 16 + low)
	}
	return out
}

function groups(text,  n, part, i, out) {
	n = split(text, part, ":")
	out = ""
	for (i = 1; i <= n; i++)
		if (part[i] != "")
			out = out substr("000" part[i], length(part[i]))
	return out
}

function address(text,  part, gap) {
	if (split(text, part, ".") == 4)
		return hex(part[1], 2) hex(part[2], 2) hex(part[3], 2) \
		    hex(part[4], 2)
	gap = index(text, "::")
	part[1] = groups(substr(text, 1, gap - 1))
	part[2] = groups(substr(text, gap + 2))
	return part[1] hex(0, 32 - length(part[1] part[2])) part[2]
}

function transport() {
	if (v["frag"] > 0)
		return ""
	if (proto == 6)
		return hex(v["sport"], 4) hex(v["dport"], 4) hex(0, 16) \
		    "50" v["flags"] hex(0, 12)
	if (proto == 17)
		return hex(v["sport"], 4) hex(v["dport"], 4) \
		    hex(8 + v["data"], 4) "0000"
	if (proto == 1 || proto == 58)
		return hex(v["type"], 2) hex(v["code"], 2) hex(0, 12)
	return ""
}

# The packet; its length goes to total.
function packet(  body) {
	body = transport() hex(0, 2 * v["data"])
	if (v["src"] ~ /:/) {
		total = v["total"] ? v["total"] : 40 + length(body) / 2
		return "6" v["tos"] "00000" hex(total - 40, 4) \
		    hex(proto, 2) "40" address(v["src"]) address(v["dst"]) body
	}
	total = v["total"] ? v["total"] : 20 + length(body) / 2
	return "45" v["tos"] hex(total, 4) hex(v["id"], 4) \
	    hex(v["more"] * 8192 + v["frag"] / 8, 4) "40" hex(proto, 2) \
	    "0000" address(v["src"]) address(v["dst"]) body
}

NF > 0 {
	split("", v)
	v["tos"] = v["flags"] = "00"
	v["src"] = "192.0.2.1"
	v["dst"] = "198.51.100.9"
	v["count"] = 1
	for (i = 2; i <= NF; i++) {
		split($i, word, "=")
		v[word[1]] = word[2]
	}
	proto = v["proto"] in number ? number[v["proto"]] : v["proto"]
	if (v["link"] == "" && linktype == 1)
		v["link"] = ETHERNET (v["src"] ~ /:/ ? "86dd" : "0800")
	frame = v["link"] packet() hex(0, 2 * v["pad"])
	wire = length(v["link"]) / 2 + total + v["pad"]
	frame = octal(hex(length(frame) / 2, 8) hex(wire, 8) frame)
	for (i = 0; i < v["count"]; i++) {
		us = int(($1 + i * v["step"]) * 1000000 + 0.5)
		printf "%.0f %s%s\n", us, octal(hex(1700000000 + \
		    int(us / 1000000), 8) hex(us % 1000000, 8)), frame
	}
}

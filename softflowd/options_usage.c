/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What -h prints. */

#include "options.h"

const char *
options_usage(void)
{
	return (
	    "usage: softflowd [-6abdDghklNV] [-A sec|milli|micro|nano|uptime]\n"
	    "                 [-B octets] [-C snaplen] [-c ctlsocket]\n"
	    "                 [-E tunnel[,tunnel ...]] [-e address] "
	    "[-f file]\n"
	    "                 [-H mac[,mac ...]] [-I time] [-L hoplimit] "
	    "[-m max_flows]\n"
	    "                 [-n [version@][udp:|tcp:|sctp:]host:port[,...]] "
	    "[-o name=value]\n"
	    "                 [-P udp|tcp|sctp] [-p pidfile] [-S interface] "
	    "[-s N]\n"
	    "                 [-T ether|vlan|tos|full|port|proto|ip] "
	    "[-t name=time] [-u user]\n"
	    "                 [-v 1|5|9|10|ipfix|psamp] [-x labels]\n"
	    "                 -i [optional:][index:]interface ... | -r file |\n"
	    "                 -R [address:]port,peer[:port][,peer[:port] ...] "
	    "[expression]\n"
	    "       softflowd --sandbox [json]\n"
	    "softflowd(8) explains them.\n");
}

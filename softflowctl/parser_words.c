/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The grammar of softflowctl. */

#include "compat.h"
#include "parser.h"

#define TABLE(name, repeat)						\
	static const struct table t_##name = { #name, name,		\
	    nitems(name), repeat }

/* By enum timeout; the names of -t, which a test compares. */
static const struct token timeouts[] = {
	{ "tcp", "TIME", "of an idle TCP flow", set_timeout, TIMEOUT_TCP,
	    NULL, 0 },
	{ "tcp.rst", "TIME", "of a TCP flow after RST", set_timeout,
	    TIMEOUT_TCP_RST, NULL, 0 },
	{ "tcp.fin", "TIME", "of a TCP flow after FIN both ways", set_timeout,
	    TIMEOUT_TCP_FIN, NULL, 0 },
	{ "udp", "TIME", "of an idle UDP flow", set_timeout, TIMEOUT_UDP,
	    NULL, 0 },
	{ "icmp", "TIME", "of an idle ICMP flow", set_timeout, TIMEOUT_ICMP,
	    NULL, 0 },
	{ "general", "TIME", "of any other idle flow", set_timeout,
	    TIMEOUT_GENERAL, NULL, 0 },
	{ "maxlife", "TIME", "longest life of a flow; 0: no limit",
	    set_timeout, TIMEOUT_MAXLIFE, NULL, 0 },
	{ "expint", "TIME", "between looks for flows to expire; 0: always",
	    set_timeout, TIMEOUT_EXPINT, NULL, 0 }
};
const struct table	parser_timeouts = { "timeouts", timeouts,
    nitems(timeouts), TABLE_ONCE };

static const struct token states[] = {
	{ "oneway", NULL, "packets of one direction only", set_state,
	    CTL_STATE_ONEWAY, NULL, 0 },
	{ "bothways", NULL, "packets of both directions", set_state,
	    CTL_STATE_BOTHWAYS, NULL, 0 },
	{ "syn", NULL, "TCP without an ACK so far", set_state, CTL_STATE_SYN,
	    NULL, 0 },
	{ "open", NULL, "TCP without FIN and RST", set_state, CTL_STATE_OPEN,
	    NULL, 0 },
	{ "fin", NULL, "TCP with FIN, without RST", set_state, CTL_STATE_FIN,
	    NULL, 0 },
	{ "rst", NULL, "TCP with RST", set_state, CTL_STATE_RST, NULL, 0 }
};
TABLE(states, TABLE_ONCE);

#define FILTER								\
	{ "host", "ADDR|PREFIX", "of this address or network; at most two", \
	    set_host, 0, NULL, CTL_FILTER_HOSTS },			\
	{ "port", "N|SERVICE", "of this port; at most two", set_port,	\
	    0, NULL, CTL_FILTER_HOSTS },				\
	{ "proto", "NAME|N", "of this protocol", set_proto, 0, NULL,	\
	    0 },							\
	{ "interface", "NAME", "in or out by this interface",		\
	    set_interface, 0, NULL, 0 },				\
	{ "vlan", "N", "of this VLAN, outer or inner", set_vlan, 0, NULL, \
	    0 },							\
	{ "min-octets", "N[kMG]", "of so many octets, both ways",	\
	    set_min_octets, 0, NULL, 0 },				\
	{ "min-packets", "N[kMG]", "of so many packets, both ways",	\
	    set_min_packets, 0, NULL, 0 },				\
	{ "min-age", "TIME", "whose first packet is so old", set_min_age, 0, \
	    NULL, 0 },							\
	{ "min-idle", "TIME", "whose last packet is so old", set_min_idle, 0, \
	    NULL, 0 },							\
	{ "state", NULL, "in this state", NULL, 0, &t_states, 0 }

static const struct token filter[] = { FILTER };
TABLE(filter, TABLE_SOME);
static const struct table t_top = { "top", filter, nitems(filter),
    TABLE_ANY };

static const struct token sorts[] = {
	{ "octets", NULL, "most octets first", set_sort, CTL_SORT_OCTETS,
	    NULL, 0 },
	{ "packets", NULL, "most packets first", set_sort, CTL_SORT_PACKETS,
	    NULL, 0 },
	{ "age", NULL, "oldest first", set_sort, CTL_SORT_AGE, NULL, 0 },
	{ "rate", NULL, "most octets a second first", set_sort,
	    CTL_SORT_RATE, NULL, 0 }
};
TABLE(sorts, TABLE_ONCE);

static const struct token flows[] = {
	FILTER,
	{ "by", NULL, "sorted", NULL, 0, &t_sorts, 0 },
	{ "limit", "N", "no more than so many", set_limit, 0, NULL, 0 }
};
TABLE(flows, TABLE_ANY);
_Static_assert(nitems(flows) <= PARSER_LOOP_TOKENS, "too long");

static const struct token show[] = {
	{ "statistics", NULL, "what was counted so far", set_show,
	    VIEW_STATISTICS, NULL, 0 },
	{ "flows", NULL, "flows in the table: all, or those asked for",
	    set_show, VIEW_FLOWS, &t_flows, 0 },
	{ "timeouts", NULL, "the timeouts in force", set_show, VIEW_TIMEOUTS,
	    NULL, 0 },
	{ "collectors", NULL, "where exports go, and what became of them",
	    set_show, VIEW_COLLECTORS, NULL, 0 },
	{ "interfaces", NULL, "where packets come from", set_show,
	    VIEW_INTERFACES, NULL, 0 },
	{ "sandbox", NULL, "how each process is confined", set_show,
	    VIEW_SANDBOX, NULL, 0 },
	{ "memory", NULL, "what is reserved, and what of it is used",
	    set_show, VIEW_MEMORY, NULL, 0 }
};
TABLE(show, TABLE_ONCE);

static const struct token flow[] = {
	{ "expire", NULL, "export them now", set_request, CTL_FLOW_EXPIRE,
	    &t_filter, 0 },
	{ "delete", NULL, "drop them unexported", set_request,
	    CTL_FLOW_DELETE, &t_filter, 0 }
};
TABLE(flow, TABLE_ONCE);

static const struct token set[] = {
	{ "timeout", NULL, "when flows expire", set_wish, WISH_TIMEOUT,
	    &parser_timeouts, 0 },
	{ "sampling", "N", "account one packet in N", set_sampling, 0, NULL,
	    0 }
};
TABLE(set, TABLE_ONCE);

static const struct token logging[] = {
	{ "verbose", NULL, "with what helps to find a fault", set_verbose, 1,
	    NULL, 0 },
	{ "brief", NULL, "without", set_verbose, 0, NULL, 0 }
};
TABLE(logging, TABLE_ONCE);

static const struct token gather[] = {
	{ "start", NULL, "take in packets again", set_request,
	    CTL_START_GATHER, NULL, 0 },
	{ "stop", NULL, "take in none", set_request, CTL_STOP_GATHER, NULL,
	    0 }
};
TABLE(gather, TABLE_ONCE);

static const struct token template[] = {
	{ "send", NULL, "with the next export", set_request,
	    CTL_SEND_TEMPLATE, NULL, 0 }
};
TABLE(template, TABLE_ONCE);

static const struct token completion[] = {
	{ "sh", NULL, "for bash, and for zsh with bashcompinit", set_request,
	    PARSER_COMPLETION, NULL, 0 }
};
TABLE(completion, TABLE_ONCE);

/* The classic words first, as help has listed them ever since. */
static const struct token commands[] = {
	{ "help", NULL, "list these commands", set_request, PARSER_HELP,
	    &parser_main, 0 },
	{ "shutdown", NULL, "export all flows, then exit", set_request,
	    CTL_SHUTDOWN, NULL, 0 },
	{ "exit", NULL, "exit at once, without exporting", set_request,
	    CTL_EXIT, NULL, 0 },
	{ "expire-all", NULL, "export all flows now", set_request,
	    CTL_EXPIRE_ALL, NULL, 0 },
	{ "delete-all", NULL, "drop all flows unexported", set_request,
	    CTL_DELETE_ALL, NULL, 0 },
	{ "statistics", NULL, "print what was counted so far", set_request,
	    CTL_STATISTICS, NULL, 0 },
	{ "debug+", NULL, "log more", set_request, CTL_DEBUG_MORE, NULL, 0 },
	{ "debug-", NULL, "log less", set_request, CTL_DEBUG_LESS, NULL, 0 },
	{ "stop-gather", NULL, "stop taking in packets", set_request,
	    CTL_STOP_GATHER, NULL, 0 },
	{ "start-gather", NULL, "take in packets again", set_request,
	    CTL_START_GATHER, NULL, 0 },
	{ "dump-flows", NULL, "print the flows being tracked", set_request,
	    CTL_DUMP_FLOWS, NULL, 0 },
	{ "timeouts", NULL, "print the timeouts", set_request, CTL_TIMEOUTS,
	    NULL, 0 },
	{ "send-template", NULL, "send templates with the next export",
	    set_request, CTL_SEND_TEMPLATE, NULL, 0 },
	{ "show", NULL, "show statistics, flows and more", NULL, 0, &t_show,
	    0 },
	{ "flow", NULL, "expire or delete some flows", NULL, 0, &t_flow, 0 },
	{ "set", NULL, "change timeouts or sampling", NULL, 0, &t_set, 0 },
	{ "log", NULL, "log more or less", NULL, 0, &t_logging, 0 },
	{ "reload", NULL, "read the configuration again, lose no flow",
	    set_request, CTL_RELOAD, NULL, 0 },
	{ "gather", NULL, "start or stop taking in packets", NULL, 0,
	    &t_gather, 0 },
	{ "template", NULL, "send templates", NULL, 0, &t_template, 0 },
	{ "top", NULL, "watch flows, rates and losses on a live screen",
	    set_request, PARSER_TOP, &t_top, 0 },
	{ "completion", NULL, "print a script that completes words", NULL, 0,
	    &t_completion, 0 }
};
const struct table	parser_main = { "main", commands, nitems(commands),
    TABLE_ONCE };

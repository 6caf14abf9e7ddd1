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

#define WORD(word, help, set, value)					\
	{ word, NULL, help, set, value, NULL, 0 }
#define PLACE(word, help, next)						\
	{ word, NULL, help, NULL, 0, next, 0 }
#define VALUE(word, arg, help, set, value)				\
	{ word, arg, help, set, value, NULL, 0 }

/* By enum timeout; the names of -t, which a test compares. */
static const struct token timeouts[] = {
	VALUE("tcp", "TIME", "of an idle TCP flow", set_timeout, TIMEOUT_TCP),
	VALUE("tcp.rst", "TIME", "of a TCP flow after RST", set_timeout,
	    TIMEOUT_TCP_RST),
	VALUE("tcp.fin", "TIME", "of a TCP flow after FIN both ways",
	    set_timeout, TIMEOUT_TCP_FIN),
	VALUE("udp", "TIME", "of an idle UDP flow", set_timeout, TIMEOUT_UDP),
	VALUE("icmp", "TIME", "of an idle ICMP flow", set_timeout,
	    TIMEOUT_ICMP),
	VALUE("general", "TIME", "of any other idle flow", set_timeout,
	    TIMEOUT_GENERAL),
	VALUE("maxlife", "TIME", "longest life of a flow; 0: no limit",
	    set_timeout, TIMEOUT_MAXLIFE),
	VALUE("expint", "TIME", "between looks for flows to expire; 0: always",
	    set_timeout, TIMEOUT_EXPINT)
};
const struct table	parser_timeouts = { "timeouts", timeouts,
    nitems(timeouts), TABLE_ONCE };

static const struct token states[] = {
	WORD("oneway", "packets of one direction only", set_state,
	    CTL_STATE_ONEWAY),
	WORD("bothways", "packets of both directions", set_state,
	    CTL_STATE_BOTHWAYS),
	WORD("syn", "TCP without an ACK so far", set_state, CTL_STATE_SYN),
	WORD("open", "TCP without FIN and RST", set_state, CTL_STATE_OPEN),
	WORD("fin", "TCP with FIN, without RST", set_state, CTL_STATE_FIN),
	WORD("rst", "TCP with RST", set_state, CTL_STATE_RST)
};
TABLE(states, TABLE_ONCE);

#define FILTER								\
	{ "host", "ADDR|PREFIX",					\
	    "of this address or network; at most two", set_host, 0,	\
	    NULL, CTL_FILTER_HOSTS },					\
	{ "port", "N|SERVICE", "of this port; at most two", set_port, 0,\
	    NULL, CTL_FILTER_HOSTS },					\
	VALUE("proto", "NAME|N", "of this protocol", set_proto, 0),	\
	VALUE("interface", "NAME", "in or out by this interface",	\
	    set_interface, 0),						\
	VALUE("vlan", "N", "of this VLAN, outer or inner", set_vlan, 0),\
	VALUE("min-octets", "N[kMG]", "of so many octets, both ways",	\
	    set_min_octets, 0),						\
	VALUE("min-packets", "N[kMG]", "of so many packets, both ways",	\
	    set_min_packets, 0),					\
	VALUE("min-age", "TIME", "whose first packet is so old",	\
	    set_min_age, 0),						\
	VALUE("min-idle", "TIME", "whose last packet is so old",	\
	    set_min_idle, 0),						\
	PLACE("state", "in this state", &t_states)

static const struct token filter[] = { FILTER };
TABLE(filter, TABLE_SOME);
static const struct table t_top = { "top", filter, nitems(filter),
    TABLE_ANY };

static const struct token sorts[] = {
	WORD("octets", "most octets first", set_sort, CTL_SORT_OCTETS),
	WORD("packets", "most packets first", set_sort, CTL_SORT_PACKETS),
	WORD("age", "oldest first", set_sort, CTL_SORT_AGE),
	WORD("rate", "most octets a second first", set_sort, CTL_SORT_RATE)
};
TABLE(sorts, TABLE_ONCE);

static const struct token flows[] = {
	FILTER,
	PLACE("by", "sorted", &t_sorts),
	VALUE("limit", "N", "no more than so many", set_limit, 0)
};
TABLE(flows, TABLE_ANY);
_Static_assert(nitems(flows) <= PARSER_LOOP_TOKENS, "too long");

static const struct token show[] = {
	WORD("statistics", "what was counted so far", set_show,
	    VIEW_STATISTICS),
	{ "flows", NULL, "flows in the table: all, or those asked for",
	    set_show, VIEW_FLOWS, &t_flows, 0 },
	WORD("timeouts", "the timeouts in force", set_show, VIEW_TIMEOUTS),
	WORD("collectors", "where exports go, and what became of them",
	    set_show, VIEW_COLLECTORS),
	WORD("interfaces", "where packets come from", set_show,
	    VIEW_INTERFACES),
	WORD("sandbox", "how each process is confined", set_show, VIEW_SANDBOX),
	WORD("memory", "what is reserved, and what of it is used", set_show,
	    VIEW_MEMORY)
};
TABLE(show, TABLE_ONCE);

static const struct token flow[] = {
	{ "expire", NULL, "export them now", set_request, CTL_FLOW_EXPIRE,
	    &t_filter, 0 },
	{ "delete", NULL, "drop them unexported", set_request, CTL_FLOW_DELETE,
	    &t_filter, 0 }
};
TABLE(flow, TABLE_ONCE);

static const struct token set[] = {
	{ "timeout", NULL, "when flows expire", set_wish, WISH_TIMEOUT,
	    &parser_timeouts, 0 },
	VALUE("sampling", "N", "account one packet in N", set_sampling, 0)
};
TABLE(set, TABLE_ONCE);

static const struct token logging[] = {
	WORD("verbose", "with what helps to find a fault", set_verbose, 1),
	WORD("brief", "without", set_verbose, 0)
};
TABLE(logging, TABLE_ONCE);

static const struct token gather[] = {
	WORD("start", "take in packets again", set_request, CTL_START_GATHER),
	WORD("stop", "take in none", set_request, CTL_STOP_GATHER)
};
TABLE(gather, TABLE_ONCE);

static const struct token template[] = {
	WORD("send", "with the next export", set_request, CTL_SEND_TEMPLATE)
};
TABLE(template, TABLE_ONCE);

static const struct token completion[] = {
	WORD("sh", "for bash, and for zsh with bashcompinit", set_request,
	    PARSER_COMPLETION)
};
TABLE(completion, TABLE_ONCE);

/* The classic words first, as help has listed them ever since. */
static const struct token commands[] = {
	{ "help", NULL, "list these commands", set_request, PARSER_HELP,
	    &parser_main, 0 },
	WORD("shutdown", "export all flows, then exit", set_request,
	    CTL_SHUTDOWN),
	WORD("exit", "exit at once, without exporting", set_request, CTL_EXIT),
	WORD("expire-all", "export all flows now", set_request, CTL_EXPIRE_ALL),
	WORD("delete-all", "drop all flows unexported", set_request,
	    CTL_DELETE_ALL),
	WORD("statistics", "print what was counted so far", set_request,
	    CTL_STATISTICS),
	WORD("debug+", "log more", set_request, CTL_DEBUG_MORE),
	WORD("debug-", "log less", set_request, CTL_DEBUG_LESS),
	WORD("stop-gather", "stop taking in packets", set_request,
	    CTL_STOP_GATHER),
	WORD("start-gather", "take in packets again", set_request,
	    CTL_START_GATHER),
	WORD("dump-flows", "print the flows being tracked", set_request,
	    CTL_DUMP_FLOWS),
	WORD("timeouts", "print the timeouts", set_request, CTL_TIMEOUTS),
	WORD("send-template", "send templates with the next export",
	    set_request, CTL_SEND_TEMPLATE),
	PLACE("show", "show statistics, flows and more", &t_show),
	PLACE("flow", "expire or delete some flows", &t_flow),
	PLACE("set", "change timeouts or sampling", &t_set),
	PLACE("log", "log more or less", &t_logging),
	WORD("reload", "read the configuration again, lose no flow",
	    set_request, CTL_RELOAD),
	PLACE("gather", "start or stop taking in packets", &t_gather),
	PLACE("template", "send templates", &t_template),
	{ "top", NULL, "watch flows, rates and losses on a live screen",
	    set_request, PARSER_TOP, &t_top, 0 },
	PLACE("completion", "print a script that completes words",
	    &t_completion)
};
const struct table	parser_main = { "main", commands, nitems(commands),
    TABLE_ONCE };

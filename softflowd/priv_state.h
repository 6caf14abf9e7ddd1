/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the priv_*.c files share; included by nobody else. */

#ifndef PRIV_STATE_H
#define PRIV_STATE_H

#include <sys/types.h>
#include <sys/socket.h>

#include <poll.h>
#include <stdint.h>

#include "capture.h"
#include "change.h"
#include "imsg.h"
#include "msg.h"
#include "options.h"
#include "resolver.h"
#include "stack.h"
#include "summary.h"

enum worker_phase {
	WORKER_NONE,		/* none runs; start one at worker.next_ms */
	WORKER_STARTING,	/* waiting for READY */
	WORKER_RUNNING,
	WORKER_LEAVING,		/* told to HANDOVER */
	WORKER_LEFT,		/* said HANDED_OVER, about to exit */
	WORKER_FINISHING,	/* told to FINISH */
	WORKER_FINISHED		/* said FINISHED, about to exit */
};

#define WORKER_EOF_MS	1000	/* from closing its channel to dying */

struct worker {
	struct imsgbuf		channel;
	enum worker_phase	phase;
	pid_t			pid;
	int			killed;		/* by us, as hostile or stuck */
	int			hostile;	/* and its table is not kept */
	int			blameless;	/* or the shortage was ours */
	int			eof;		/* it closed the channel */
	int			deaf;		/* or takes no words any more */
	int			reaped;		/* its pid is no longer its own */
	int			more;		/* read messages wait */
	int			summary_wanted;	/* as many may come */
	int			in_summary;	/* rows may follow */
	int			was_ready;	/* a worker was, once */
	int64_t			deadline_ms;	/* to be READY, to be gone */
	int64_t			next_ms;	/* start no earlier */
	int64_t			seen_ms;	/* last COUNTERS */
	int			skip;		/* next one: give up a block */
	int			adopt;		/* next one: take over the table */
	int			finish;		/* next one: export it and end */
	int			barren;		/* died before they reported */
	/* respawn token bucket */
	int			tokens;
	int64_t			refilled_ms;
	/* lines of its log in this second */
	int64_t			log_second;
	unsigned int		log_lines, log_dropped;
};

/* One source of packets. */
struct priv_capture {
	struct capture_params	params;
	struct msg_capture	conf;
	int			fd;
	uint32_t		ifindex;	/* bound to; 0: not there */
	uint64_t		removed;	/* by the nth removal; 0: not */
	char			interface[INTERFACE_NAME];	/* -i's name */
	char			name[INTERFACE_NAME];	/* of that, now */
	uint32_t		refused;	/* ifindex, */
	int			told;		/* and the log says so */
	int			hardware;	/* what it must be */
	uint32_t		number;		/* to record, */
	int			fixed;		/* as the operator says */
};

enum dest_state {
	DEST_WAITING,		/* is tried again at next_ms */
	DEST_LOOKUP,		/* the resolver looks its name up */
	DEST_CONNECTING,	/* a stream; given up at next_ms */
	DEST_CONNECTED,		/* the worker does not have it yet */
	DEST_UP,		/* it has */
	DEST_GONE		/* no collector; its slot waits for one */
};

struct priv_dest {
	/* UDP's for life, a stream's until the worker has it; or -1 */
	int			fd;
	enum dest_state		state;
	int			named;		/* has a name to look up */
	unsigned int		held;		/* sockets the worker has got */
	int			refreshing;	/* the name of one that is up */
	int			failing;	/* and the log says so */
	int64_t			tried_ms, next_ms;
	struct sockaddr_storage	addr[RESOLVER_ADDRS];
	unsigned int		naddr, at;	/* the next one to try */
	uint16_t		port;
	struct msg_export	conf;
	char			host[256];	/* to look up */
	char			name[300];	/* as the operator wrote it */
};

/*
 * A file of ours, made under a lock on the file NAME.lock beside it, which
 * nobody else can open; removed only if it is still the one that we made.
 */
struct priv_file {
	const char	*path;		/* NULL: none */
	char		 letter;	/* of its option */
	char		*base, *dir;
	char		*lockbase;
	int		 dirfd;
	int		 lockfd;	/* -1: not locked */
	int		 fd;		/* pid file or listening socket; or -1 */
	dev_t		 dev;		/* what we made */
	ino_t		 ino;
};

/* What a reload is to bring; lives until it is in force, or abandoned. */
struct priv_reload {
	struct options		 opt;
	struct change		 change;
	struct priv_capture	 capture[MAX_CAPTURE];	/* of opened */
	unsigned int		 ncapture;
	uint32_t		 opened;	/* bit for each slot: gets */
	uint32_t		 replaced;	/* a socket, instead of one, */
	uint32_t		 returned;	/* that sees nothing any more, */
	uint32_t		 stays;		/* or is not removed */
	uint8_t			 capture_slot[MAX_CAPTURE];
	struct priv_dest	 dest[MAX_EXPORT];	/* of made */
	unsigned int		 ndest;
	uint32_t		 made;		/* bit for each slot with a */
	uint32_t		 kept;		/* new collector, or its old */
	uint8_t			 dest_slot[MAX_EXPORT];
	int64_t			 start_ms;	/* of the hand-over */
	uint64_t		 cut_us;	/* packets from then on: new */
	unsigned int		 tries;		/* of it */
	int			 renewal;	/* of captures, nothing else */
};

/*
 * The options in force are main's to free at the end; a reload frees what
 * they held and puts others in their place.
 */
struct priv {
	struct options		*opt;
	int			 root;
	uid_t			 uid;
	gid_t			 gid;
	int			 binary_fd;
	const char		*binary_path;	/* NULL where not needed */
	int			 null_fd;
	int			 chroot_fd;
	int			 notify_fd;	/* the waiting shell's; -1 */
	struct priv_capture	 capture[MAX_CAPTURE];
	unsigned int		 ncapture;
	uint8_t			 capture_slot[MAX_CAPTURE];	/* of -i */
	struct msg_interfaces	 interfaces;	/* as the worker knows them */
	int			 capture_pipe;	/* a savefile of no known end */
	struct msg_filter	 filter;
	int			 filter_fd;
	int			 table_fd;	/* of estate.h; never mapped */
	int			 link_fd;	/* interface events; -1 */
	struct priv_dest	 dest[MAX_EXPORT];
	unsigned int		 ndest;
	uint8_t			 dest_slot[MAX_EXPORT];	/* of -n */
	struct priv_reload	*reload;	/* under way; or NULL */
	int			 handover;	/* from one worker to another */
	int64_t			 handover_ms;	/* since when */
	int			 confined;
	int			 starting;
	uint16_t		 tcp_port[MAX_EXPORT + 2];	/* may be */
	unsigned int		 ntcp_port;	/* connected, when confined, */
	int			 tcp_any;	/* or any, without Landlock */
	int			 tcp_bind;	/* TCP may be sent from -e */
	struct priv_file	 pidfile, ctlsock;
	gid_t			 control_gid;	/* of -o control-group */
	uint32_t		 clients;	/* bit for each id in use */
	uint32_t		 operators;	/* of those, with that role */
	int64_t			 boot_unix_us, boot_mono_us;
	struct msg_counters	 counters;	/* last ones heard */
	struct summary_report	 report;
	struct worker		 worker;
	int			 quit;		/* leave the loop */
	int			 status;	/* and exit with this */
	uint32_t		 layers, landlock_abi;	/* our confinement */
};

extern struct priv	priv;

#define PRIV_FD_BASE	64	/* out of a child's way */

int64_t	priv_now_ms(void);

/* A first worker is ready: whoever waits for us may go. */
void	priv_ready(void);

/* A complete summary has come: print or log it. */
void	priv_report(const struct summary_report *);

/* priv_files.c: each exits with a message when it cannot. */
void	priv_files_init(void);
void	priv_pidfile_open(void);
void	priv_pidfile_write(void);
void	priv_control_open(void);
void	priv_files_remove(void);
void	priv_find_user(void);

/* priv_control.c: clients; forget them with their worker. */
void	priv_control_find_group(void);
int	priv_control_fd(void);	/* to poll; -1: not now */
void	priv_control_accept(void);
void	priv_control_closed(uint32_t id);
void	priv_control_forget(void);

/*
 * priv_net.c: addresses; of a numeric host, 0 or getaddrinfo(3)'s error.
 */
void	priv_net_addr(struct msg_addr *, const struct sockaddr_storage *);
void	priv_net_sockaddr(struct sockaddr_storage *, const struct msg_addr *);
int	priv_net_numeric(struct sockaddr_storage *, const char *host,
	    const char *port, int transport);

/*
 * Whether packets to the address go to another, so that ours would not be
 * known by it: the unspecified one, or IPv4's in the clothes of IPv6.
 */
int	priv_net_is_alias(const struct sockaddr_storage *);

/* Whether it is an address of one link and nothing says of which. */
int	priv_net_lacks_link(const struct sockaddr_storage *);

/* A socket that is not connected; -1 with errno. */
int	priv_net_socket(int family, int transport);

/*
 * One that is, or is being connected, with all options of the sending side.
 * -1 with errno, and in what the option's value that was wrong, or NULL.
 */
int	priv_net_connect(int transport, const struct sockaddr_storage *,
	    const char **what);
int	priv_net_local(int fd, struct msg_addr *);

/*
 * Octets that a datagram to the collector may have now; also decides whether
 * it may be fragmented.
 */
uint32_t priv_net_payload(int fd, const struct msg_export *);

/*
 * A filter expression for our own datagrams, allocated; NULL if there is no
 * need.  -1 without memory.
 */
int	 priv_own_filter(char **);

/*
 * priv_export_open.c: collectors, as the options name them.  Ports are those
 * that the parent must be able to connect by TCP, MAX_EXPORT + 2 at most.
 */
void	priv_export_open(void);
unsigned int priv_export_ports(uint16_t *tcp_ports);

/* For a reload: find what cannot be, -1; put what can be in force. */
int	priv_export_prepare(struct priv_reload *, char *error, size_t);
void	priv_export_switch(struct priv_reload *);

/*
 * priv_export.c: from names to connections.  Pollfds are of those being
 * connected, MAX_EXPORT at most.  Refresh: look its name up again, and make
 * its socket anew in any case, or if it has another address now.
 */
void	priv_export_try(struct priv_dest *);
void	priv_export_refresh(struct priv_dest *, int anew);
void	priv_export_pollfds(struct pollfd *);
void	priv_export_events(const struct pollfd *);
void	priv_export_timers(int64_t now_ms);
int64_t	priv_export_next_ms(void);	/* when something is due */

/* To a worker that starts, and when one is gone. */
void	priv_export_send(void);
void	priv_export_orphaned(void);

/* From the worker; -1: hostile. */
int	priv_export_down(const struct msg_export_down *);
int	priv_export_ask(uint32_t slot);

/* From the resolver; NULL: there is none. */
void	priv_export_resolved(uint32_t slot, const struct resolver_answer *);

/*
 * priv_resolver.c: start it, give it the names, have it confined.  Attach is
 * the middle part of open, for tests.
 */
void	priv_resolver_open(void);
void	priv_resolver_attach(int fd);
void	priv_resolver_name(uint32_t slot, int family, const char *host);
void	priv_resolver_lock(void);
void	priv_resolver_ask(uint32_t slot);
int	priv_resolver_fd(void);		/* to poll; -1 */
void	priv_resolver_event(void);
void	priv_resolver_slept(int64_t ms);
void	priv_resolver_timers(int64_t now_ms);

/*
 * priv_reload.c.  Read the options anew, and bring them into force, for a
 * client of the control socket or, client being -1, for a signal; switch puts
 * in force what was prepared.
 */
void	priv_reload(int client);
void	priv_reload_source(int argc, char *argv[]);
void	priv_reload_switch(void);

/* A client's wish, from the worker; -1: hostile. */
int	priv_wish(const struct msg_wish *);

/*
 * priv_handover.c.  Start: the worker leaves, for another to take over.  Left:
 * it has; died: it has not.  Ready: the next one is at work; counted: what is
 * fresh is so no more.
 */
void	priv_handover_start(void);
void	priv_handover_left(void);
void	priv_handover_died(void);
void	priv_handover_ready(void);
void	priv_handover_counted(void);
void	priv_handover_timers(int64_t now_ms);
int	priv_handed_over(void);	/* it says so; -1: hostile */

/* priv_psamp.c: sockets for packet reports */
void	priv_psamp_open(void);

/*
 * priv_capture.c.  Live fills in a source of that slot; -1 with a line in
 * error.  Name takes over what of an interface may change under its socket.
 */
void	priv_capture_open(void);
int	priv_capture_live(struct priv_capture *, unsigned int slot,
	    const struct options *, const struct options_interface *,
	    const char *except, char *error, size_t);
void	priv_capture_name(struct priv_capture *,
	    const struct options_interface *);

/* For a reload: open what is new, close it again, or put it in force. */
int	priv_capture_prepare(struct priv_reload *, char *error, size_t);
void	priv_capture_abandon(struct priv_reload *);
void	priv_capture_switch(struct priv_reload *);

/*
 * An interface is back whose device cannot be bound again: put another one in
 * its place by a hand-over, which is the caller's to start.  -1 with a line in
 * error.  Whether that must wait, for something else is under way.
 */
int	priv_capture_renew(const struct priv_capture *, char *error, size_t);
int	priv_capture_renewal_waits(void);

/*
 * priv_interfaces.c: look what has changed; at once, or as soon as the last
 * look is long enough ago.
 */
void	priv_interfaces_open(void);
void	priv_interfaces_changed(void);
void	priv_interfaces_soon(void);
void	priv_interfaces_timers(int64_t now_ms);
int64_t	priv_interfaces_next_ms(void);	/* when something is due */

/* The capture but this one that is bound to the index; NULL: none. */
const struct priv_capture *priv_interface_holder(uint32_t ifindex,
	    const struct priv_capture *but);

/* priv_link.c: the system's interfaces; -1 with errno */
int	priv_link_open(void);
void	priv_link_event(void);
int	priv_link_list(struct stack_link *, unsigned int max);

/* priv_worker.c */
/* Start the end: the worker exports everything and goes. */
void	priv_finish(void);
/* Takes the descriptor; should there be no memory, the worker is replaced. */
void	priv_worker_send(enum msg_type, int fd, const void *, size_t);
/* With a copy of the descriptor; -1: there was none to be had. */
int	priv_worker_send_copy(enum msg_type, int fd, const void *, size_t);
void	priv_worker_reap(int status);
/* So long nobody of us ran: it counts against no limit. */
void	priv_worker_slept(int64_t ms);
void	priv_worker_kill(const char *why);
void	priv_worker_kill_hostile(const char *why);
/*
 * For a shortage of ours, told of by errno: the next one is told all again.
 * Before the first one was ready it is fatal.
 */
void	priv_worker_replace(const char *what);
void	priv_worker_timers(int64_t now_ms);

/*
 * priv_exec.c: open what that takes, once: binary_fd, null_fd and, as root,
 * chroot_fd.  -1 with errno and what it is.
 */
int	priv_exec_init(const char **what);
/* In a child: become our own program in a role; root: -1, or FD_CHROOT. */
__dead void priv_exec(int channel, int root, const char *title,
	    const char *role);

/* priv_dispatch.c: read from the worker and obey its few wishes. */
int	priv_dispatch_worker(void);

/*
 * priv_notify.c: to a service manager, if it gave us a socket.  Behind
 * reloading the timers say ready when that is over, whatever came of it.
 */
void	priv_notify_open(void);
void	priv_notify_ready(void);
void	priv_notify_reloading(void);
void	priv_notify_stopping(void);
void	priv_notify_timers(int64_t now_ms);
int64_t	priv_notify_next_ms(void);

/* priv_statistics.c: a line of what differs between two moments */
struct priv_statistics {
	struct counters		counters;
	uint64_t		records_lost;	/* of all collectors */
	int64_t			ms;
};
void	priv_statistics_line(char *buf, size_t, const struct priv_statistics *,
	    const struct priv_statistics *, uint32_t active_flows);
void	priv_statistics_timers(int64_t now_ms);

/*
 * self_*.c: this program, to be started again.  Open it, once: a descriptor,
 * and its path or NULL; -1 with errno and in what what is not there.  Exec
 * returns if it fails only.
 */
int	self_open(const char **path, const char **what);
void	self_exec(int fd, const char *path, char *const argv[],
	    char *const envp[]);

#endif

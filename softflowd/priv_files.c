/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The parent's files: pid file and control socket, each under a lock, so
 * that no instance ever touches another's; and the user that workers become.
 */

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"

/* Directory and name of path, the directory held open: we will chdir. */
static void
file_locate(struct priv_file *file, const char *path)
{
	char	*copy;

	file->path = path;
	file->fd = -1;
	if ((copy = strdup(path)) == NULL ||
	    (file->dir = realpath(dirname(copy), NULL)) == NULL)
		fatal("%s", path);
	free(copy);
	if ((copy = strdup(path)) == NULL)
		fatal("%s", path);
	file->base = basename(copy);
	if ((file->dirfd = open(file->dir,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		fatal("%s", file->dir);
}

/*
 * Open or create and lock.  Whoever held it before may have removed it while
 * we waited for the lock, so look again.
 */
static void
file_lock(struct priv_file *file, mode_t mode)
{
	struct stat	ours, there;
	int		fd, tries;

	for (tries = 0; tries < 10; tries++) {
		fd = openat(file->dirfd, file->base,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    mode);
		if (fd == -1 || fstat(fd, &ours) == -1)
			fatal("%s", file->path);
		if (!S_ISREG(ours.st_mode))
			fatalx("%s: not a regular file", file->path);
		if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
			if (errno == EWOULDBLOCK)
				fatalx("%s: locked: another softflowd is "
				    "running; give this one files of its own "
				    "with -p and -c", file->path);
			fatal("%s", file->path);
		}
		if (fstatat(file->dirfd, file->base, &there,
		    AT_SYMLINK_NOFOLLOW) == 0 &&
		    there.st_dev == ours.st_dev &&
		    there.st_ino == ours.st_ino) {
			/* Only now is it ours, to remove at the end. */
			file->fd = fd;
			return;
		}
		close(fd);
	}
	fatalx("%s: somebody keeps removing it", file->path);
}

static void
file_remove(struct priv_file *file)
{
	if (file->fd == -1)
		return;
	if (unlinkat(file->dirfd, file->base, 0) == -1 && errno != ENOENT)
		log_warn("%s", file->path);
	close(file->fd);
	file->fd = -1;
}

void
priv_pidfile_open(void)
{
	if (priv.opt->pidfile == NULL)
		return;
	file_locate(&priv.pidfile, priv.opt->pidfile);
	file_lock(&priv.pidfile, 0644);
}

void
priv_pidfile_write(void)
{
	if (priv.pidfile.fd == -1)
		return;
	if (ftruncate(priv.pidfile.fd, 0) == -1 ||
	    dprintf(priv.pidfile.fd, "%ld\n", (long)getpid()) < 0)
		fatal("%s", priv.pidfile.path);
}

/*
 * The lock beside the socket says whether a socket that is there is in use;
 * its number or age would not.
 */
void
priv_control_open(void)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct stat		 sb;
	char			*lock;
	mode_t			 mask;
	int			 fd;

	if (priv.opt->ctlsock == NULL)
		return;
	if (strlcpy(sun.sun_path, priv.opt->ctlsock,
	    sizeof(sun.sun_path)) >= sizeof(sun.sun_path))
		fatalx("%s: too long for a socket's name, which has at most "
		    "%zu characters", priv.opt->ctlsock,
		    sizeof(sun.sun_path) - 1);
	if (asprintf(&lock, "%s.lock", priv.opt->ctlsock) == -1)
		fatal("%s", priv.opt->ctlsock);
	file_locate(&priv.ctllock, lock);
	file_lock(&priv.ctllock, 0600);
	file_locate(&priv.ctlsock, priv.opt->ctlsock);
	if (fstatat(priv.ctlsock.dirfd, priv.ctlsock.base, &sb,
	    AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISSOCK(sb.st_mode))
			fatalx("%s: exists and is no socket",
			    priv.opt->ctlsock);
		if (unlinkat(priv.ctlsock.dirfd, priv.ctlsock.base, 0) == -1)
			fatal("%s", priv.opt->ctlsock);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		fatal("socket");
	mask = umask(0177);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		fatal("%s", priv.opt->ctlsock);
	umask(mask);
	priv.ctlsock.fd = fd;
	if (listen(fd, MAX_CONTROL) == -1)
		fatal("%s", priv.opt->ctlsock);
}

/* Check who it is and pass the connection on unread. */
void
priv_control_accept(void)
{
	struct msg_control	msg = { 0 };
	uid_t			uid;
	gid_t			gid;
	int			fd;

	fd = accept4(priv.ctlsock.fd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1)
		return;
	if (getpeereid(fd, &uid, &gid) == -1 ||
	    (uid != 0 && uid != geteuid())) {
		log_info("control connection of uid %u refused",
		    (unsigned int)uid);
		close(fd);
		return;
	}
	while (msg.id < MAX_CONTROL && priv.clients & 1U << msg.id)
		msg.id++;
	if (msg.id == MAX_CONTROL || priv.worker.phase != WORKER_RUNNING) {
		log_info("control connection refused: %s",
		    msg.id == MAX_CONTROL ? "too many" : "no worker");
		close(fd);
		return;
	}
	msg.uid = (uint32_t)uid;
	priv.clients |= 1U << msg.id;
	priv_worker_send(IMSG_CONTROL, fd, &msg, sizeof(msg));
}

void
priv_control_closed(uint32_t id)
{
	priv.clients &= ~(1U << id);
}

void
priv_control_forget(void)
{
	priv.clients = 0;
}

void
priv_files_remove(void)
{
	file_remove(&priv.ctlsock);
	file_remove(&priv.ctllock);
	file_remove(&priv.pidfile);
}

/* Whom workers become, when we are root. */
void
priv_find_user(void)
{
	const char	*name = priv.opt->user;
	struct passwd	*pw;

	priv.uid = getuid();
	priv.gid = getgid();
	if (!(priv.root = geteuid() == 0)) {
		if (name != NULL)
			fatalx("-u %s: only root can change user", name);
		return;
	}
	if (name == NULL)
		name = SOFTFLOWD_USER;
	if ((pw = getpwnam(name)) == NULL && priv.opt->user == NULL) {
		log_info("no user %s; using %s", name,
		    SOFTFLOWD_USER_FALLBACK);
		name = SOFTFLOWD_USER_FALLBACK;
		pw = getpwnam(name);
	}
	if (pw == NULL)
		fatalx("-u %s: no such user", name);
	if (pw->pw_uid == 0)
		fatalx("-u %s: is root; give an unprivileged user", name);
	priv.uid = pw->pw_uid;
	priv.gid = pw->pw_gid;
	priv.user = name;
}

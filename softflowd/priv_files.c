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

/* Whose the locks are; a child may exit(3) from inside of a library. */
static pid_t	owner;

/* Not there, read-only, somebody else's: another one will do. */
static __dead void
file_fatal(const struct priv_file *file, const char *suffix)
{
	fatalx("%s%s: %s; give another path with -%c, or -%c none",
	    file->path, suffix, strerror(errno), file->letter, file->letter);
}

/* Directory and name of path, the directory held open: we will chdir. */
static void
file_locate(struct priv_file *file, const char *path)
{
	char	*copy;

	/* A reload frees what the options point to. */
	if ((file->path = strdup(path)) == NULL)
		fatal("%s", path);
	if ((copy = strdup(path)) == NULL ||
	    (file->dir = realpath(dirname(copy), NULL)) == NULL)
		file_fatal(file, "");
	free(copy);
	/* dirname(3) has changed its copy. */
	if ((copy = strdup(path)) == NULL ||
	    (file->base = strdup(basename(copy))) == NULL ||
	    asprintf(&file->lockbase, "%s.lock", file->base) == -1)
		fatal("%s", path);
	free(copy);
	if ((file->dirfd = open(file->dir,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		fatal("%s", file->dir);
}

/* Whether the name in the file's directory is still this inode. */
static int
file_is(const struct priv_file *file, const char *base, dev_t dev, ino_t ino)
{
	struct stat	there;

	return (fstatat(file->dirfd, base, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    there.st_dev == dev && there.st_ino == ino);
}

/* The number of a process in a file of ours, as text; or nothing. */
static void
file_pid(int fd, char *buf, size_t size)
{
	ssize_t	n = pread(fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	buf[strspn(buf, "0123456789")] = '\0';
}

static __dead void
file_locked(const struct priv_file *file, int fd)
{
	char	pid[16];

	file_pid(fd, pid, sizeof(pid));
	fatalx("%s.lock: locked: another softflowd is running%s%s; give this "
	    "one files of its own with -p and -c", file->path,
	    *pid != '\0' ? ", its process id is " : "", pid);
}

static void
file_write_pid(const struct priv_file *file, int fd)
{
	if (ftruncate(fd, 0) == -1 ||
	    dprintf(fd, "%ld\n", (long)getpid()) < 0)
		fatal("%s", file->path);
}

/*
 * Lock the file beside it.  Whoever held the lock may have removed it while
 * we opened it, so look again.
 */
static void
file_lock(struct priv_file *file, const char *path)
{
	struct stat	ours;
	int		fd, tries;

	owner = getpid();
	file_locate(file, path);
	for (tries = 0; tries < 10; tries++) {
		fd = openat(file->dirfd, file->lockbase, O_RDWR | O_CREAT |
		    O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		if (fd == -1 || fstat(fd, &ours) == -1)
			file_fatal(file, ".lock");
		if (!S_ISREG(ours.st_mode))
			fatalx("%s.lock: not a regular file", path);
		if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
			if (errno == EWOULDBLOCK)
				file_locked(file, fd);
			fatal("%s.lock", path);
		}
		if (file_is(file, file->lockbase, ours.st_dev, ours.st_ino)) {
			if (ftruncate(fd, 0) == -1)
				file_fatal(file, ".lock");
			file->lockfd = fd;
			return;
		}
		close(fd);
	}
	fatalx("%s.lock: somebody keeps removing it", path);
}

static void
file_remember(struct priv_file *file, const struct stat *sb)
{
	file->dev = sb->st_dev;
	file->ino = sb->st_ino;
}

static void
file_unlink(const struct priv_file *file, const char *base)
{
	if (unlinkat(file->dirfd, base, 0) == -1 && errno != ENOENT)
		log_warn("%s/%s", file->dir, base);
}

/* What it holds first, the lock last. */
static void
file_remove(struct priv_file *file)
{
	struct stat	sb;

	if (file->lockfd == -1 || owner != getpid())
		return;
	if (file->fd != -1 && file_is(file, file->base, file->dev, file->ino))
		file_unlink(file, file->base);
	if (fstat(file->lockfd, &sb) == 0 &&
	    file_is(file, file->lockbase, sb.st_dev, sb.st_ino))
		file_unlink(file, file->lockbase);
	close(file->lockfd);
	file->lockfd = -1;
}

void
priv_files_init(void)
{
	priv.pidfile.lockfd = priv.pidfile.fd = -1;
	priv.ctlsock.lockfd = priv.ctlsock.fd = -1;
	priv.pidfile.letter = 'p';
	priv.ctlsock.letter = 'c';
}

/* Only what looks like a pid file is taken over: names are mistyped. */
static int
is_pidfile(int fd)
{
	char	buf[32];
	ssize_t	i, n;

	if ((n = pread(fd, buf, sizeof(buf), 0)) == -1 ||
	    n == (ssize_t)sizeof(buf))
		return (0);
	for (i = 0; i < n; i++)
		if ((buf[i] < '0' || buf[i] > '9') && buf[i] != '\n')
			return (0);
	return (1);
}

void
priv_pidfile_open(void)
{
	struct priv_file	*file = &priv.pidfile;
	struct stat		 sb;
	int			 fd;

	if (priv.opt->pidfile == NULL)
		return;
	file_lock(file, priv.opt->pidfile);
	fd = openat(file->dirfd, file->base, O_RDWR | O_CREAT | O_CLOEXEC |
	    O_NOFOLLOW | O_NONBLOCK, 0644);
	if (fd == -1 || fstat(fd, &sb) == -1)
		file_fatal(file, "");
	if (!S_ISREG(sb.st_mode) || sb.st_nlink != 1)
		fatalx("%s: not a regular file of one name", file->path);
	if (!is_pidfile(fd))
		fatalx("%s: exists and is no pid file", file->path);
	file_remember(file, &sb);
	file->fd = fd;
}

/* Also into the locks, for the message of whoever finds them locked. */
void
priv_pidfile_write(void)
{
	owner = getpid();
	if (priv.pidfile.fd != -1)
		file_write_pid(&priv.pidfile, priv.pidfile.fd);
	if (priv.pidfile.lockfd != -1)
		file_write_pid(&priv.pidfile, priv.pidfile.lockfd);
	if (priv.ctlsock.lockfd != -1)
		file_write_pid(&priv.ctlsock, priv.ctlsock.lockfd);
}

/*
 * The lock says whether a socket that is there is in use; its number or age
 * would not.
 */
void
priv_control_open(void)
{
	struct priv_file	*file = &priv.ctlsock;
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct stat		 sb;
	const char		*group = priv.opt->control_group;
	mode_t			 mask;
	int			 fd;

	if (priv.opt->ctlsock == NULL)
		return;
	priv_control_find_group();
	if (strlcpy(sun.sun_path, priv.opt->ctlsock,
	    sizeof(sun.sun_path)) >= sizeof(sun.sun_path))
		fatalx("%s: too long for a socket's name, which has at most "
		    "%zu characters", priv.opt->ctlsock,
		    sizeof(sun.sun_path) - 1);
	file_lock(file, priv.opt->ctlsock);
	if (fstatat(file->dirfd, file->base, &sb, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISSOCK(sb.st_mode))
			fatalx("%s: exists and is no socket", file->path);
		if (unlinkat(file->dirfd, file->base, 0) == -1)
			fatal("%s", file->path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		fatal("socket");
	mask = umask(group != NULL ? 0117 : 0177);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		fatal("%s", file->path);
	umask(mask);
	if (fstatat(file->dirfd, file->base, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		fatal("%s", file->path);
	file_remember(file, &sb);
	file->fd = fd;
	/* Nobody can connect before listen(2), whatever the group is now. */
	if (group != NULL && fchownat(file->dirfd, file->base, (uid_t)-1,
	    priv.control_gid, AT_SYMLINK_NOFOLLOW) == -1)
		fatal("-o control-group=%s: this takes root, or one of your "
		    "own groups", group);
	/* Who is too many is told so, and does not wait for it. */
	if (listen(fd, SOMAXCONN) == -1)
		fatal("%s", file->path);
}

void
priv_files_remove(void)
{
	file_remove(&priv.ctlsock);
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
}

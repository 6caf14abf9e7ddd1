/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The parent's side of the configuration file: opens it, has it read by a
 * process of its own and takes what that answers for hostile.  Works at the
 * start, and again when the parent is confined.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "imsg.h"
#include "priv_state.h"
#include "sandbox.h"

#define ANSWER_MS	5000

/* What is found before we are confined, and out of reach afterwards. */
static struct {
	char	*name;		/* as the operator wrote it */
	char	*path;		/* absolute */
	char	*dirs[CONFIG_DIRS];
	uid_t	 uid;		/* to read as, when we are root */
	gid_t	 gid;
} place;

static int	fail(struct config_error *, const char *fmt, ...)
		    __attribute__((__format__(printf, 2, 3)));

static int
fail(struct config_error *error, const char *fmt, ...)
{
	va_list	ap;

	memset(error, 0, sizeof(*error));
	va_start(ap, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, ap);
	va_end(ap);
	return (-1);
}

static int
is_printable(const char *text, size_t size)
{
	size_t	i;

	for (i = 0; i < size && text[i] != '\0'; i++)
		if (text[i] < ' ' || text[i] > '~')
			return (0);
	return (i < size);
}

static int
take_item(struct imsg *imsg, struct config *config)
{
	struct config_item	*item;
	size_t			 len;
	char			 name[32];

	if (config->n == CONFIG_ITEMS)
		return (-1);
	item = &config->item[config->n];
	if (imsg_get_data(imsg, item, sizeof(*item)) == -1 ||
	    item->line < 1 || item->line > CONFIG_FILE_MAX ||
	    item->column < 1 || item->column > CONFIG_LINE_MAX + 1 ||
	    !is_printable(item->arg, sizeof(item->arg)))
		return (-1);
	/* Only what a file may say. */
	len = strcspn(item->arg, "=");
	if (item->letter == 'o' && len < sizeof(name))
		strlcpy(name, item->arg, len + 1);
	else
		name[0] = '\0';
	if (config_keyword(item->letter, item->letter == 'o' ? name : NULL) ==
	    NULL)
		return (-1);
	config->n++;
	return (0);
}

/* 1: there is more to come, 0: that was all, -1: hostile. */
static int
take(struct imsg *imsg, struct config *config, struct config_error *error)
{
	switch (imsg_get_type(imsg)) {
	case CONFIG_ITEM:
		return (take_item(imsg, config) == -1 ? -1 : 1);
	case CONFIG_ERROR:
		if (imsg_get_data(imsg, error, sizeof(*error)) == -1 ||
		    !is_printable(error->text, sizeof(error->text)) ||
		    error->text[0] == '\0')
			return (-1);
		return (0);
	case CONFIG_END:
		return (imsg_get_len(imsg) == 0 ? 0 : -1);
	default:
		return (-1);
	}
}

/* All messages that are there; likewise. */
static int
take_all(struct imsgbuf *channel, struct config *config,
    struct config_error *error)
{
	struct imsg	imsg;
	int		fd, n, more = 1;

	while (more == 1 && (n = imsgbuf_get(channel, &imsg)) != 0) {
		if (n == -1)
			return (-1);
		if ((fd = imsg_get_fd(&imsg)) != -1)
			close(fd);
		more = fd != -1 ? -1 : take(&imsg, config, error);
		imsg_free(&imsg);
	}
	return (more);
}

static int64_t
now_ms(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

int
config_receive(int fd, int milliseconds, struct config *config,
    struct config_error *error)
{
	struct imsgbuf	channel;
	struct pollfd	pfd = { .fd = fd, .events = POLLIN };
	int64_t		left, end = now_ms() + milliseconds;
	int		n, more = 1;

	config->n = 0;
	memset(error, 0, sizeof(*error));
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    imsgbuf_init(&channel, fd) == -1)
		return (fail(error, "%s", strerror(errno)));
	imsgbuf_allow_fdpass(&channel);
	while (more == 1 && (left = end - now_ms()) > 0) {
		n = poll(&pfd, 1, (int)left);
		if (n == 0 || (n == -1 && errno == EINTR))
			continue;
		if ((n = imsgbuf_read(&channel)) == 0)
			break;
		more = n == -1 ? -1 : take_all(&channel, config, error);
	}
	imsgbuf_clear(&channel);
	if (more == -1)
		return (fail(error, "the process that reads it sends a "
		    "message that is not allowed"));
	if (more == 1)
		return (fail(error, "the process that reads it %s", left > 0 ?
		    "ended without an answer" : "does not answer"));
	return (error->text[0] == '\0' ? 0 : -1);
}

/*
 * The process
 */

/* The confined parent can make no user of another one's. */
static int
find_user(struct config_error *error)
{
	struct passwd	*pw;

	if (priv.uid != 0) {
		place.uid = priv.uid;
		place.gid = priv.gid;
	}
	if (place.uid != 0 || geteuid() != 0)
		return (0);
	if ((pw = getpwnam(SOFTFLOWD_USER)) == NULL &&
	    (pw = getpwnam(SOFTFLOWD_USER_FALLBACK)) == NULL)
		return (fail(error, "there is no user %s or %s to read it as",
		    SOFTFLOWD_USER, SOFTFLOWD_USER_FALLBACK));
	place.uid = pw->pw_uid;
	place.gid = pw->pw_gid;
	return (0);
}

/* The one message to the process; it takes the file's descriptor. */
static int
send_start(int fd, int file, struct config_error *error)
{
	struct config_start	start = { 0 };
	struct imsgbuf		channel;
	int			ok = 0;

	start.root = geteuid() == 0;
	start.uid = place.uid;
	start.gid = place.gid;
	start.parent = (int32_t)getpid();
	if (imsgbuf_init(&channel, fd) == -1) {
		close(file);
		return (fail(error, "%s", strerror(errno)));
	}
	imsgbuf_allow_fdpass(&channel);
	if (imsg_compose(&channel, CONFIG_START, 0, 0, file, &start,
	    sizeof(start)) == -1)
		close(file);
	else
		ok = imsgbuf_flush(&channel) == 0;
	imsgbuf_clear(&channel);
	return (ok ? 0 : fail(error, "%s", strerror(errno)));
}

/* Whatever it said, this is its end, which may say why it did not. */
static void
reap(pid_t pid, struct config_error *error)
{
	int	status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	    WTERMSIG(status) != SIGKILL)
		(void)fail(error, "the process that reads it was killed by "
		    "signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
}

static int
read_file(int file, struct config *config, struct config_error *error)
{
	const char	*what;
	pid_t		 pid;
	int		 ret, sv[2];

	if (priv_exec_init(&what) == -1) {
		close(file);
		return (fail(error, "%s: %s", what, strerror(errno)));
	}
	if (find_user(error) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1) {
		close(file);
		return (error->text[0] != '\0' ? -1 : fail(error, "%s",
		    strerror(errno)));
	}
	if ((pid = fork()) == 0)
		priv_exec(sv[1], priv.chroot_fd, "softflowd: config",
		    CONFIG_ROLE);
	close(sv[1]);
	if (pid == -1) {
		close(file);
		ret = fail(error, "%s", strerror(errno));
	} else if ((ret = send_start(sv[0], file, error)) == 0)
		ret = config_receive(sv[0], ANSWER_MS, config, error);
	close(sv[0]);
	if (pid != -1)
		reap(pid, error);
	return (ret);
}

/*
 * The file
 */

static char *
parent_dir(const char *path)
{
	char	*dir, *slash;

	if ((dir = strdup(path)) == NULL || (slash = strrchr(dir, '/')) == NULL)
		return (dir);
	/* Of the root directory the file alone may be read. */
	if (slash != dir)
		*slash = '\0';
	return (dir);
}

static void
forget_place(void)
{
	unsigned int	i;

	free(place.name);
	free(place.path);
	for (i = 0; i < CONFIG_DIRS; i++)
		free(place.dirs[i]);
	place.name = place.path = NULL;
	memset(place.dirs, 0, sizeof(place.dirs));
}

/*
 * Where the file stays, whatever becomes of our directory: as it is named,
 * and as it is found, for the name may be a link.
 */
static int
find_place(const char *name)
{
	char	*real, cwd[PATH_MAX] = "";

	if (place.name != NULL && strcmp(place.name, name) == 0)
		return (0);
	if (*name != '/' && getcwd(cwd, sizeof(cwd) - 1) == NULL)
		return (-1);
	if ((real = realpath(name, NULL)) == NULL)
		return (-1);
	forget_place();
	if (*cwd != '\0')
		strlcat(cwd, "/", sizeof(cwd));
	if (asprintf(&place.path, "%s%s", cwd, name) == -1)
		place.path = NULL;
	else
		place.dirs[0] = parent_dir(place.path);
	place.dirs[1] = parent_dir(real);
	place.name = strdup(name);
	free(real);
	if (place.dirs[0] != NULL && place.dirs[1] != NULL &&
	    place.name != NULL)
		return (0);
	forget_place();
	errno = ENOMEM;
	return (-1);
}

unsigned int
config_dirs(const char *dirs[CONFIG_DIRS])
{
	unsigned int	i;

	for (i = 0; i < CONFIG_DIRS && place.dirs[i] != NULL; i++)
		dirs[i] = place.dirs[i];
	return (i);
}

/* A descriptor; -1 with what is wrong. */
static int
open_file(const char *name, struct config_error *error)
{
	struct stat	 sb;
	const char	*why = NULL;
	int		 fd;

	if (find_place(name) == -1 || (fd = open(place.path, O_RDONLY |
	    O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) == -1)
		return (fail(error, "%s", strerror(errno)));
	if (fstat(fd, &sb) == -1)
		why = strerror(errno);
	else if (!S_ISREG(sb.st_mode))
		why = "not a regular file";
	else if (geteuid() == 0 && sb.st_mode & S_IWOTH)
		why = "anybody may write to it, and root reads it; "
		    "chmod o-w makes that right";
	else if (sb.st_size > (off_t)CONFIG_FILE_MAX)
		why = "longer than 1 MiB";
	if (why == NULL)
		return (fd);
	close(fd);
	return (fail(error, "%s", why));
}

/* The file's settings; NULL with a message. */
static struct config *
load_file(const char *name, char *text, size_t textlen)
{
	struct config		*config;
	struct config_error	 error = { 0 };
	int			 fd;

	if ((config = calloc(1, sizeof(*config))) == NULL)
		(void)fail(&error, "%s", strerror(errno));
	else if (strlcpy(config->path, name, sizeof(config->path)) >=
	    sizeof(config->path))
		(void)fail(&error, "%s", strerror(ENAMETOOLONG));
	else if ((fd = open_file(name, &error)) != -1 &&
	    read_file(fd, config, &error) == 0)
		return (config);
	if (error.line != 0)
		snprintf(text, textlen, "%s:%u:%u: %s", name, error.line,
		    error.column, error.text);
	else
		snprintf(text, textlen, "%s: %s", name, error.text);
	free(config);
	return (NULL);
}

/* Its name, and whether the command line asks for more than help. */
static const char *
find_name(int argc, char *argv[])
{
	char		 letters[OPTIONS_LETTERS_MAX];
	const char	*name = NULL;
	int		 letter;

	options_letters(letters);
	opterr = 0;
	optind = optreset = 1;
	while ((letter = getopt(argc, argv, letters)) != -1) {
		if (letter == 'h' || letter == 'V' || letter == '?')
			return (NULL);
		if (letter == 'f')
			name = optarg;
	}
	return (name);
}

enum options_result
options_load(int argc, char *argv[], struct options *o, char *error,
    size_t errorlen)
{
	struct config		*config = NULL;
	const char		*name = find_name(argc, argv);
	enum options_result	 result;

	if (name != NULL && *name != '\0' &&
	    (config = load_file(name, error, errorlen)) == NULL)
		return (OPTIONS_BAD);
	result = options_parse_with(config, argc, argv, o, error, errorlen);
	if (result == OPTIONS_RUN || result == OPTIONS_CHECKED)
		o->config = config;
	else
		free(config);
	return (result);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Terminals, as POSIX has them: each call is an ioctl. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int isatty(int fd)
{
	struct winsize size;
	char kernel_termios[64];

	if (ioctl(fd, TCGETS, kernel_termios) == 0 || ioctl(fd, TIOCGWINSZ, &size) == 0)
		return 1;
	if (errno != EBADF)
		errno = ENOTTY;
	return 0;
}

/* The kernel's struct is a prefix of ours, as far as the control characters it knows. */
int tcgetattr(int fd, struct termios *t)
{
	memset(t, 0, sizeof(*t));
	return ioctl(fd, TCGETS, t);
}

int tcsetattr(int fd, int when, const struct termios *t)
{
	if (when < TCSANOW || when > TCSAFLUSH) {
		errno = EINVAL;
		return -1;
	}
	return ioctl(fd, TCSETS + (unsigned long)when, t);
}

int tcflush(int fd, int queue)
{
	return ioctl(fd, TCFLSH, (long)queue);
}

int tcdrain(int fd)
{
	return ioctl(fd, TCSBRK, 1L);
}

int tcsendbreak(int fd, int duration)
{
	(void)duration;
	return ioctl(fd, TCSBRK, 0L);
}

pid_t tcgetpgrp(int fd)
{
	pid_t pgrp;

	return ioctl(fd, TIOCGPGRP, &pgrp) == 0 ? pgrp : -1;
}

int tcsetpgrp(int fd, pid_t pgrp)
{
	return ioctl(fd, TIOCSPGRP, &pgrp);
}

pid_t tcgetsid(int fd)
{
	pid_t sid;

	return ioctl(fd, TIOCGSID, &sid) == 0 ? sid : -1;
}

void cfmakeraw(struct termios *t)
{
	t->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	t->c_oflag &= ~(tcflag_t)OPOST;
	t->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t->c_cflag = (t->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
}

# SPDX-License-Identifier: GPL-2.0-only
"""A console in a pseudo-terminal: what is typed, and what must be answered."""

import os
import pty
import re
import select
import subprocess
import time
import tty

import qemu

PATIENCE = 60  # seconds without the awaited text: a machine that hangs, not a measure


class Wrong(Exception):
    pass


class Session:
    """A machine whose first program speaks to us. img: the boot image."""

    def __init__(self, work, img, prompt="# ", words="loglevel=3"):
        initrd = os.path.join(work, "initrd.cpio")
        with open(initrd, "wb") as f:
            f.write(img)
        args = qemu.command() + ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
                                 "-serial", "null", "-kernel", qemu.KERNEL, "-append", words, "-initrd", initrd]
        self.prompt = "(?m)^" + re.escape(prompt)
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.qemu = subprocess.Popen(args, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.seen = ""

    def wait(self, pattern):
        """Everything up to and with the pattern; what follows stays for the next wait."""
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            ready = select.select([self.master], [], [], max(0, end - time.monotonic()))[0]
            try:
                data = os.read(self.master, 4096) if ready else b""
            except OSError:
                data = b""
            if not data:
                raise Wrong("waited for %r, but there was %r" % (pattern, self.seen[-300:]))
            self.seen += data.decode("utf-8", "replace").replace("\r", "")

    def type(self, text):
        os.write(self.master, text.encode())

    def say(self, line, *answers):
        """Type a line at the prompt; its echo, the answers, and the next prompt come in this order."""
        self.type(line + "\r")
        self.wait(re.escape(line) + "\n")
        for answer in answers:
            self.wait("(?m)^" + answer + "\n")
        self.wait(self.prompt)

    def close(self):
        if self.qemu.poll() is None:
            self.qemu.kill()
        self.qemu.wait()
        os.close(self.master)

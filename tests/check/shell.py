#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The shell: as a person types at it, and against dash. One TAP line a rule."""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
import tty

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import qemu  # noqa: E402

SCRIPT = "tests/shell/script.sh"
PATIENCE = 60  # seconds without the awaited text: a machine that hangs, not a measure


class Wrong(Exception):
    pass


class Session:
    """A console in a pseudo-terminal: what is typed, and what must be answered."""

    def __init__(self, work):
        initrd = os.path.join(work, "initrd.cpio")
        with open(initrd, "wb") as f:
            f.write(qemu.image())
        args = qemu.command() + ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
                                 "-serial", "null", "-kernel", qemu.KERNEL, "-append", "loglevel=3", "-initrd", initrd]
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
        self.wait("(?m)^# ")

    def close(self):
        if self.qemu.poll() is None:
            self.qemu.kill()
        self.qemu.wait()
        os.close(self.master)


def conversation(s):
    s.wait("(?m)^# ")
    s.say("echo hello  there", "hello there")
    s.say("echo one two | cat", "one two")
    s.say("echo kept >/tmp/f; cat </tmp/f", "kept")
    s.say("(exit 3) & wait $!; echo code $?", r"\[1\] \d+", "code 3")
    s.type("sh -c 'echo ready; exec sleep 1000'\r")
    s.wait("(?m)^ready\n")
    s.type("\x03")
    s.wait("(?m)^# ")
    s.say("echo code $?", "code 130")
    s.type("(echo ready; sleep 1000)\r")
    s.wait("(?m)^ready\n")
    s.type("\x1a")
    s.wait(r"(?m)^\[1\] \+ Stopped +\(echo ready; sleep 1000\)\n# ")
    s.say("jobs", r"\[1\] \+ Stopped +\(echo ready; sleep 1000\)")
    s.say("/bin/kill -9 %1", "kill: %1: not a process id")
    for _ in range(10):  # the job has the terminal, and goes on, when fg says its name
        s.type("fg\r")
        s.wait(r"(?m)^\(echo ready; sleep 1000\)\n")
        s.type("\x1a")
        s.wait(r"Stopped +\(echo ready; sleep 1000\)\n# ")
    s.say("kill -9 %1; wait %1; echo code $?", "code 137")
    s.say("kill -9 %1", "kill: %1: No such job")
    s.say("trap 'echo goodbye' EXIT; echo still here", "still here")
    s.type("\x04")
    s.wait("(?m)^goodbye\n")


def a_person_at_the_console():
    """prompt, pipes, jobs, ^C, ^Z, and ^D, which powers off"""
    with tempfile.TemporaryDirectory() as work:
        s = Session(work)
        try:
            conversation(s)
            if s.qemu.wait(timeout=PATIENCE) != qemu.PASS:
                yield "^D did not power off in order (QEMU's status %d)" % s.qemu.returncode
        except (Wrong, subprocess.TimeoutExpired) as e:
            yield str(e)
        finally:
            s.close()


def scripts_mean_what_dash_says():
    """the same script under dash here and under /bin/sh there"""
    env = {"PATH": "/bin:/sbin:/usr/bin", "HOME": "/root"}
    with tempfile.TemporaryDirectory() as work:
        os.symlink("/usr/bin/dash", os.path.join(work, "sh"))
        env["PATH"] = work + ":" + env["PATH"]
        dash = subprocess.run(["dash", SCRIPT], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=env, timeout=PATIENCE)
    run = "/bin/sh /tests/script.sh >/tests/out 2>/dev/null; s=$?; cat /tests/out >/dev/ttyS1; exit $s"
    end = qemu.boot(qemu.image(["/bin/sh", "-c", run], extra=[("tests/script.sh", SCRIPT)]), words="loglevel=3")
    if end.trouble():
        yield end.trouble()
    wanted, got = dash.stdout.decode().splitlines(), end.report[:-1]
    for n, (a, b) in enumerate(zip(wanted, got)):
        if a != b:
            yield "line %d: dash says %r, Thaw %r" % (n + 1, a, b)
            break
    if len(wanted) != len(got) or len(wanted) < 60:
        yield "dash says %d lines, Thaw %d" % (len(wanted), len(got))
    if end.ending() != ("exit", dash.returncode):
        yield "dash ends with %d, Thaw with %r" % (dash.returncode, end.ending())


RULES = [a_person_at_the_console, scripts_mean_what_dash_says]


def main():
    chosen = [r for r in RULES if len(sys.argv) < 2 or r.__name__ == sys.argv[1]]
    print("1..%d" % len(chosen))
    failed = 0
    for n, rule in enumerate(chosen, 1):
        found = list(rule())
        for line in found[:8]:
            print("# " + line)
        print("%s %d - shell.%s" % ("not ok" if found else "ok", n, rule.__name__), flush=True)
        failed += bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The shell: as a person types at it, and against dash. One TAP line a rule."""

import os
import re
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import qemu  # noqa: E402
import rules  # noqa: E402
from terminal import PATIENCE, Session, Wrong  # noqa: E402

SCRIPT = "tests/shell/script.sh"


def conversation(s):
    s.wait(s.prompt)
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
    s.say("strace /bin/echo hi", r'execve\("/bin/echo", 0x[0-9a-f]+, 0x[0-9a-f]+\) = 0', r"write\(1, 0x[0-9a-f]+, 3\) = 3",
          r"exit_group\(0\) = \?", r"\+\+\+ exited with 0 \+\+\+")
    s.say("strace cat /no/such; echo code $?", r'open(at)?\(.*"/no/such".*\) = -2 \(No such file or directory\)', r"\+\+\+ exited with 1 \+\+\+",
          "code 1")
    s.say("strace -f -o /tmp/s sh -c 'true & wait; kill -9 $$'; echo code $?", "code 137")
    s.say("cat /tmp/s", r"\[pid \d+\] fork\(\) = \d+|\[pid \d+\] clone\(.*", r"\[pid \d+\] \+\+\+ exited with 0 \+\+\+",
          r"\[pid \d+\] \+\+\+ killed by signal 9 \(Killed\) \+\+\+")
    s.say("traced() { while read a b; do [ $a = TracerPid: ] && [ $b != 0 ] && return; done </proc/$1/status; false; }")
    s.say("sleep 1000 & p=$!; strace -p $p -o /tmp/s & until traced $p; do :; done; kill $p; wait; cat /tmp/s",
          r"--- signal 15 \(Terminated\), code 0 ---", r"\+\+\+ killed by signal 15 \(Terminated\) \+\+\+")
    s.say("cd /sys/fs/cgroup; mkdir g; sleep 1000 & echo $! >g/cgroup.procs; echo 1 >g/cgroup.freeze")
    s.say("echo x >g/cgroup.freeze", "sh: write error: Invalid argument")
    s.say("rmdir g", "rmdir: g: Device or resource busy")
    s.say("until { read a b && read a b && [ $b = 1 ]; } <g/cgroup.events; do :; done; cat g/cgroup.events", "populated 1", "frozen 1")
    s.say("echo 1 >g/cgroup.kill; wait; rmdir g; echo code $?", "code 0")
    s.say("mkdir /tmp/v1; mount -t cgroup -o nothing none /tmp/v1; mount -t cgroup -o freezer none /tmp/v1; mount",
          "mount: /tmp/v1: Invalid argument", "none /tmp/v1 cgroup rw,relatime,freezer 0 0")
    s.say("mkdir /tmp/v1/g; echo FROZEN >/tmp/v1/g/freezer.state; cat /tmp/v1/g/freezer.state", "FROZEN")
    s.say("echo THAWED >/tmp/v1/g/freezer.state; rmdir /tmp/v1/g; umount /tmp/v1; ls /tmp/v1; echo code $?; cd /", "code 0")
    s.say("trap 'echo goodbye' EXIT; echo still here", "still here")
    s.type("\x04")
    s.wait("(?m)^goodbye\n")


def a_person_at_the_console():
    """prompt, pipes, jobs, ^C, ^Z, and ^D, which powers off"""
    with tempfile.TemporaryDirectory() as work:
        s = Session(work, qemu.image())
        try:
            conversation(s)
            if s.qemu.wait(timeout=PATIENCE) != qemu.PASS:
                yield "^D did not power off in order (QEMU's status %d)" % s.qemu.returncode
        except (Wrong, subprocess.TimeoutExpired) as e:
            yield str(e)
        finally:
            s.close()


def what_the_readme_types():
    """each line of its blocks for Thaw's prompt works"""
    with open("README.md", encoding="utf-8") as f:
        lines = "".join(re.findall(r"```console\n(.*?)```", f.read(), re.S)).splitlines()
    if not lines:
        yield "there is none"
    with tempfile.TemporaryDirectory() as work:
        s = Session(work, qemu.image())
        try:
            s.wait(s.prompt)
            for line in lines:
                s.say(line.split("#")[0].strip() + "; echo code $?", "code 0")
        except Wrong as e:
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
                              stderr=subprocess.DEVNULL, env=env, timeout=PATIENCE,
                              # A shell cannot trap what was ignored when it began, as SIGINT is in a job of a script.
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
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


RULES = [a_person_at_the_console, what_the_readme_types, scripts_mean_what_dash_says]


if __name__ == "__main__":
    rules.main(RULES)

# SPDX-License-Identifier: GPL-2.0-only
"""Programs that know nothing of Thaw: Debian's static shells, a Go program, and what other C libraries make.

What a program says here, on Linux, is what it must say there. Each test is a function that yields one
line for everything that is wrong.
"""

import fcntl
import os
import pty
import re
import subprocess
import tempfile
import termios

import debian
import qemu
from terminal import PATIENCE, Session, Wrong

HERE = os.path.join(qemu.ROOT, "tests", "strangers")
BINARIES = {"busybox": ("busybox-static", "bin/busybox"), "bash-static": ("bash-static", "bin/bash-static"),
            "sash": ("sash", "bin/sash"), "zsh-static": ("zsh-static", "bin/zsh-static"),
            "gojq": ("gojq", "usr/bin/gojq"), "e2fsck.static": ("e2fsck-static", "sbin/e2fsck.static"),
            "stress-ng": ("stress-ng", "usr/bin/stress-ng")}
# Thaw's init starts busybox, which makes its applets and goes where there is nothing.
PREPARE = "mkdir /tmp/bin /tmp/work; /bin/busybox --install -s /tmp/bin; export PATH=/tmp/bin; cd /tmp/work; "


def binary(name):
    return debian.program(*BINARIES[name])


def on_linux(argv):
    """(output, code) in a fresh directory, on a terminal of its own, busybox's applets in PATH."""
    def take_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    with tempfile.TemporaryDirectory() as work:
        applets, fresh = os.path.join(work, "bin"), os.path.join(work, "work")
        os.mkdir(applets)
        os.mkdir(fresh)
        subprocess.run([binary("busybox"), "--install", "-s", applets], check=True)
        master, slave = pty.openpty()
        try:
            done = subprocess.run(argv, cwd=fresh, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  env={"PATH": applets, "HOME": "/root"}, start_new_session=True,
                                  preexec_fn=take_terminal, timeout=PATIENCE)
        finally:
            os.close(master)
            os.close(slave)
        return done.stdout.decode("utf-8", "replace").splitlines(), done.returncode


def on_thaw(command, extra, cpus=2, mem=128):
    """A boot whose report is what the shell's command says."""
    extra = [("bin/busybox", binary("busybox"))] + extra
    run = PREPARE + "exec >/dev/ttyS1; " + command
    return qemu.boot(qemu.image(["/bin/busybox", "ash", "-c", run], extra=extra), words="loglevel=6", cpus=cpus, mem=mem)


def differences(wanted, code, end):
    """The first line in which what was said there is not what was said here."""
    got = end.report[:-1]
    if end.trouble():
        yield end.trouble()
    for n, (a, b) in enumerate(zip(wanted, got), 1):
        if a != b:
            yield "line %d: Linux says %r, Thaw %r" % (n, a, b)
            break
    if len(wanted) != len(got):
        yield "Linux says %d lines, Thaw %d: %r" % (len(wanted), len(got), end.console[-300:])
    if end.ending() != ("exit", code):
        yield "on Linux it ends with %d, on Thaw with %r" % (code, end.ending())


# It is run twice, heard once. The command's files go with it.
CLEAN = "'mkdir -p /tmp/work; cd /tmp/work; \"$@\" 2>/dev/null; code=$?; cd /; rm -rf /tmp/work; exit $code'"


def same_and_nothing_left(wanted, code, argv, extra, cpus=2):
    """A command says on Thaw what it said here, and the kernel has as many pages and objects after it as before."""
    extra = extra + [("tests/report", os.path.join(qemu.ROOT, "build", "tests", "report"))]
    end = on_thaw("HOME=/root exec /tests/report @counted /bin/busybox ash -c %s ash %s" % (CLEAN, " ".join(argv)), extra, cpus=cpus)
    if end.report[-2:-1] != ["ok 1 - report.leaves_nothing"]:
        yield "it leaves something: %r" % end.report[-6:]
    else:
        end.report = end.report[:-2] + end.report[-1:]
    yield from differences(wanted, code, end)


def script(name, least, argv, in_front=False):
    """The same script here and there, at least so many lines of it; it leaves nothing, unless its jobs want the terminal."""
    def test():
        path = os.path.join(HERE, name)
        here, there = [binary(argv[0])] + argv[1:] + [path], ["/bin/" + argv[0]] + argv[1:] + ["/tests/" + name]
        wanted, code = on_linux(here)
        if len(wanted) < least or code:
            yield "on Linux there are %d lines, and the code is %d" % (len(wanted), code)
        extra = [("tests/" + name, path)] + [("bin/" + n, binary(n)) for n in argv[:1] if n != "busybox"]
        if in_front:  # who counts runs it in the background
            yield from differences(wanted, code, on_thaw("HOME=/root " + " ".join(there) + " 2>/dev/null", extra))
        else:
            yield from same_and_nothing_left(wanted, code, there, extra)
    return test


def program(compiler, name):
    """A program that is linked with another C library says what it says on Linux, and leaves nothing."""
    def test():
        with tempfile.TemporaryDirectory() as work:
            path = os.path.join(work, name)
            subprocess.run([compiler, "-static", "-O2", "-pthread", "-o", path, os.path.join(HERE, name + ".c")],
                           check=True)
            wanted, code = on_linux([path])
            yield from same_and_nothing_left(wanted, code, ["/tests/" + name], [("tests/" + name, path)], cpus=4)
    return test


# Without what it could do with more libraries, and for one kind of program only. Not optimized: it is built once, and runs a second.
STRACE = ("./configure -q --disable-dependency-tracking --disable-gcc-Werror --enable-mpers=no --without-libunwind --without-libdw "
          "--without-libselinux CFLAGS=-O0 LDFLAGS=-static && make -s -j2 -C src")


# With and without threads, and for no other kind of file.
XZ = ("./configure -q CC=%s --disable-dependency-tracking --disable-shared --disable-nls --disable-doc --disable-scripts --disable-xzdec "
      "--disable-lzmadec --disable-lzmainfo CFLAGS=-O1 && make -s -j2 LDFLAGS=-all-static")


def built(package, command, inside, name, least):
    """A program of Debian's source, linked static, says to a script that is told where it is what it says on Linux."""
    def test():
        path, script = debian.built(package, command, inside, name), os.path.join(HERE, package + ".sh")
        wanted, code = on_linux([binary("busybox"), "ash", script, path])
        if len(wanted) < least or code:
            yield "on Linux there are %d lines, and the code is %d" % (len(wanted), code)
        extra = [("bin/" + name, path), ("tests/script.sh", script)]
        yield from same_and_nothing_left(wanted, code, ["/bin/busybox", "ash", "/tests/script.sh", "/bin/" + name], extra, cpus=4)
    return test


LINKER = "ld-linux-x86-64.so.2"  # glibc's dynamic linker; the program names it as /lib64/...


def said_of(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.decode()


def libraries(path, work):
    """What the linked program needs, as files for the image: glibc's own libraries, and ours in place of all others."""
    wanted = set(re.findall(r"\(NEEDED\) .*\[(.*)\]", said_of("readelf", "-dW", path))) | {LINKER}
    glibc = {name: said_of("gcc", "-print-file-name=" + name).strip() for name in wanted}
    glibc = {name: at for name, at in glibc.items() if name in ("libc.so.6", "libm.so.6", LINKER)}
    there = {symbol for at in glibc.values() for symbol in re.findall(r" [^Uw] ([^@\n]+)", said_of("nm", "-D", at))}
    ours, made = os.path.join(HERE, "stress_libs.c"), os.path.join(work, "libs.so")
    absent = set(re.findall(r" U ([^@\n]+)", said_of("nm", "-D", path))) - there
    absent -= set(re.findall(r"^\w+ (\w+)\(", open(ours).read(), re.M))
    more = os.path.join(work, "absent.c")
    with open(more, "w") as f:
        f.writelines("void %s(void) { __builtin_trap(); }\n" % symbol for symbol in sorted(absent))
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-w", "-o", made, ours, more], check=True)
    return [(("lib64/" if name == LINKER else "lib/") + name, glibc.get(name, made)) for name in sorted(wanted)]


# The stressors of stress-ng and how much each does, in its own measure. Some are not here because of what they do on Linux as well:
# `mutex` may be done before it has begun, `zombie` may look for one too soon, and `sem`, `pipeherd`, `sigio` and `yield` may never end.
STRESSORS = (
    "fork 10 vfork 10 clone 1 daemon 5 wait 10 kill 20 ptrace 10 seccomp 5 personality 5 prctl 5 rlimit 5",
    "pthread 10 futex 20 context 5 switch 20 affinity 5 schedpolicy 5 nice 3",
    "signal 20 sigfd 20 sigq 20 sigrt 20 sigchld 5 sigsuspend 20 sigpending 20 signest 3 sigtrap 5 sigsegv 5 sigfpe 5 sigpipe 5",
    "pipe 100 ring-pipe 100 fifo 50 eventfd 50 poll 20 msg 100 mq 100 sem-sysv 100 sockpair 5 sock 5 sockfd 5 udp 5 splice 5 tee 5",
    "timer 5 timerfd 5 itimer 5 alarm 1 nanosleep 2",
    "brk 50 bigheap 5 stack 1 mlock 5 mincore 5 munmap 1 mprotect 5 vm-splice 5 msync 3",
    "dir 10 dirmany 5 dentry 20 rename 10 utime 10 fcntl 5 flock 5 lockf 5 locka 5 lockofd 5 seek 5 access 5 chmod 5 chown 5",
    "inotify 2 dnotify 2 open 5 dup 5 pidfd 5 pty 1 seal 5 sendfile 5 copy-file 2 touch 5 unshare 1",
    "enosys 10 sysbadaddr 10 sysinfo 3 set 1",
)


def stress():
    """stress-ng, frozen and thawed: each of its stressors is content with what it got, and nothing is left of them."""
    path, name = binary("stress-ng"), "stress.sh"
    words = " ".join(STRESSORS).split()
    # These two would else go on to the most that the machine has, and others want a process, too.
    asked = "--clone-max 32 --pthread-max 32 "
    asked += " ".join("--%s 1 --%s-ops %s" % (what, what, much) for what, much in zip(words[0::2], words[1::2]))
    with tempfile.TemporaryDirectory() as work:
        extra = [("bin/stress-ng", path), ("tests/" + name, os.path.join(HERE, name))] + libraries(path, work)
        end = on_thaw("/bin/busybox ash /tests/%s /bin/stress-ng --verify %s" % (name, asked), extra, cpus=4, mem=512)
    said = [line for line in end.report[:-1] if "no version information available" not in line]
    if end.trouble() or end.ending() != ("exit", 0):
        yield "%s %r" % (end.trouble() or "it ended with", end.ending())
    if not any("successful run completed" in line for line in said):
        yield "it did not say that it was successful: %r" % said[-3:]
    if not any(re.fullmatch(r"suspended [1-9]\d*", line) for line in said):
        yield "it was never suspended"
    yield from [line for line in said if not re.match(r"stress-ng: info: |suspended \d+$", line) or re.search("skipping|be skipped", line)]


# What is asked of an applet, and what its output must have.
APPLETS = [
    ("ps", r"^ *1 .*init", r"busybox ash ", r"\[oom_reaper\]$"),
    ("top -bn1", r"^Mem: \d+K used, \d+K free", r"^CPU: ", r"^Load average: [\d.]+ [\d.]+ [\d.]+ \d+/\d+ \d+$", r"top -bn1"),
    ("free", r"^Mem: +1[0-3]\d{4} "),
    ("uptime", r"up \d+ min.* load average: \d+\.\d\d, \d+\.\d\d, \d+\.\d\d$"),
    ("find /bin -name busybox -size +1000", r"^/bin/busybox$"),
    ("grep -c processor /proc/cpuinfo", r"^2$"),
    ("sed -n s/MemTotal:.*kB/total/p /proc/meminfo", r"^total$"),
    ("awk '$1 == \"Pid:\" { print $2 + 0 }' /proc/self/status", r"^\d+$"),
    ("tar cf t.tar -C / etc && tar tf t.tar", r"^etc/run$"),
    ("seq 9 | sort -rn | head -n 1", r"^9$"),
    ("dd if=/dev/zero of=zero bs=4096 count=4 2>&1", r"^4\+0 records out$"),
    ("wc -c zero", r"^16384 zero$"),
    ("md5sum zero", r"^ce338fe6899778aacfc28414f2d9498b  zero$"),
    ("df", r"^Filesystem", r" \d+% /"),
    ("mount", r"^proc on /proc type proc "),
    ("seq 4 | xargs -n 2", r"^1 2$", r"^3 4$"),
    ("timeout 100 echo soon", r"^soon$"),
    ("id", r"^uid=0.* gid=0"),
    ("stat zero", r"Size: 16384 ", r"Access: \(0644/-rw-r--r--\)", r"^Modify: 20\d\d-"),
    ("du -k zero", r"^16\s+zero$"),
    ("ls -l /dev/null", r"^crw-rw-rw- +1 .* 1, +3 .*/dev/null$"),
    # A container: number 1 and two more in a procfs of their own, and all end with number 1.
    ("unshare -pf sh -c 'mkdir p; mount -t proc none p; sleep 99 & cd p; echo $$: [0-9]*; ls -d self/ns/*; cd ..; umount p; rmdir p'; "
     "ps | grep -c ' sleep 99$' || true", r"^1: 1 \d+$", r"^self/ns/pid_for_children$", r"^0$"),
    # A server of files and who asks for one, over the loopback interface.
    ("mkdir www; seq 100000 >www/f; httpd -p 127.0.0.1:8080 -h www; wget -q -O - http://127.0.0.1:8080/f | cmp - www/f && "
     "wget -q -O - http://127.0.0.1:8081/f 2>&1 | grep -o 'Connection refused'", r"^Connection refused$"),
    # Three programs ask for a call that is not here: a line for each.
    ("for i in 1 2 3; do swapon /dev/null; done 2>&1; dmesg | grep -c 'swapon/.* system call 167 (swapon) is not there'",
     r"^3$"),
    ("dmesg", r"KiB of memory, 2 CPUs$"),
]


def applets():
    """Each applet ends with 0 and says what it is for."""
    lines = ["%s; echo \"== $?\"" % command for command, *_ in APPLETS]
    end = on_thaw("; ".join(lines), [])
    if end.trouble():
        yield end.trouble()
    parts = re.split(r"(?m)^== (\d+)\n", "\n".join(end.report) + "\n")
    if len(parts) != 2 * len(APPLETS) + 1:
        yield "%d applets answered of %d: %r" % (len(parts) // 2, len(APPLETS), end.console[-300:])
    for (command, *patterns), said, status in zip(APPLETS, parts[0::2], parts[1::2]):
        if status != "0":
            yield "%s ends with %s" % (command, status)
        for pattern in patterns:
            if not re.search(pattern, said, re.M):
                yield "%s: no %s in %r" % (command, pattern, said[:200])


def disk():
    """A file system is made on the RAM disk, harmed, found to be so, and mended."""
    check = "/bin/e2fsck.static -fy /dev/ram0 2>/dev/null >said; echo $?; "
    end = on_thaw("busybox mke2fs /dev/ram0 >said; " + check + "busybox dd if=/dev/zero of=/dev/ram0 bs=1k count=3 seek=2 2>said; "
                  + check * 2, [("bin/e2fsck.static", binary("e2fsck.static"))])
    if end.trouble() or end.report[:-1] != ["0", "1", "0"]:
        yield "%s %r" % (end.trouble() or "it ended with", end.report)


def conversation(s):
    s.wait(s.prompt)
    s.say("stty rows 24 cols 80; stty size", "24 80")
    s.say("busybox sleep 1000 & busybox sleep 2000 &")
    s.say("jobs", r"\[2\]\+  Running +busybox sleep 2000", r"\[1\]-  Running +busybox sleep 1000")
    s.say("kill %1 %2; wait; echo gone", "gone")
    # It says when it goes on: the shell names a job before the job is in the foreground.
    ready = "busybox ash -c 'trap \"echo again\" CONT; echo ready; while :; do busybox sleep 1; done'"
    s.type(ready + "\r")
    s.wait("(?m)^ready\n")
    s.type("\x03")
    s.wait(s.prompt)
    s.say("echo code $?", "code 130")
    s.type(ready + "\r")
    s.wait("(?m)^ready\n")
    s.type("\x1a")
    s.wait(r"\[1\]\+  Stopped +busybox ash .*\n")
    s.wait(s.prompt)
    s.say("jobs", r"\[1\]\+  Stopped +busybox ash .*")
    s.type("bg\r")
    s.wait(r"\[1\] busybox ash .*\n")
    s.wait(r"(?m)^again\n(.|\n)*^/root # |^/root # .*again\n")  # the job and the shell go on, in either order
    s.say("jobs", r"\[1\]\+  Running +busybox ash .*")
    s.type("fg\r")
    s.wait("fg\nbusybox ash .*\n")
    s.wait("again\n")
    s.type("\x03")
    s.wait(s.prompt)
    s.say("echo code $?", "code 130")
    s.say("printf 'first\\nsecond\\n' > /tmp/f")
    s.type("busybox vi /tmp/f\r")
    s.wait("1/2 50%")
    # One at a time: vi takes what comes at once for a key with many bytes, and draws what has changed.
    for key, drawn in ("j", "2/2 100%"), ("i", "I /tmp/f"), ("n", "nsecond"), ("e", "esecond"), ("w", "wsecond"), (" ", " second"):
        s.type(key)
        s.wait(drawn)
    s.type("\x1b")
    s.wait(r"\[Modified\]")
    s.type(":wq\r")
    s.wait("(?s)2L, 17C.*/root # ")
    s.say("cat /tmp/f", "first", "new second")


def console():
    """A person at ash: ^C, ^Z, jobs, bg, fg, an editor, exit."""
    with tempfile.TemporaryDirectory() as work:
        img = qemu.image(["/bin/busybox", "ash"], extra=[("bin/busybox", binary("busybox"))])
        s = Session(work, img, "/root # ")
        try:
            conversation(s)
            s.type("exit\r")
            if s.qemu.wait(timeout=PATIENCE) != qemu.PASS:
                yield "exit did not power off in order (QEMU's status %d)" % s.qemu.returncode
        except (Wrong, subprocess.TimeoutExpired) as e:
            yield str(e)
        finally:
            s.close()


TESTS = {
    "busybox-script": script("script.sh", 120, ["busybox", "ash"], in_front=True),
    "busybox-applets": applets,
    "busybox-console": console,
    "bash-script": script("bash.sh", 15, ["bash-static"]),
    "sash-script": script("sash.sh", 10, ["sash", "-f"]),
    "zsh-script": script("zsh.sh", 18, ["zsh-static", "-f"]),
    "go-program": script("numbers.jq", 10, ["gojq", "-n", "-f"]),
    "disk": disk,
    "strace": built("strace", STRACE, "src/strace", "strace", 20),
    "xz-glibc": built("xz-utils", XZ % "gcc", "src/xz/xz", "xz-glibc", 16),
    "xz-musl": built("xz-utils", XZ % "musl-gcc", "src/xz/xz", "xz-musl", 16),
    "stress-ng": stress,
    "glibc-threads": program("gcc", "threads"),
    "glibc-pty": program("gcc", "pty"),
    "glibc-tracer": program("gcc", "tracer"),
    "musl-threads": program("musl-gcc", "threads"),
    "musl-pty": program("musl-gcc", "pty"),
    "musl-tracer": program("musl-gcc", "tracer"),
}

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""`make run` and its kin, as a user says them. One TAP line a rule."""

import atexit
import os
import pty
import re
import select
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import qemu  # noqa: E402
import rules  # noqa: E402
import run  # noqa: E402
import terminal  # noqa: E402

WORK = tempfile.mkdtemp()
atexit.register(shutil.rmtree, WORK, ignore_errors=True)


def make(*words, **more):
    """make in a shell of its own; (status, everything it said). more: what is different in its environment."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    env.update(more)
    done = subprocess.run(["make", "--no-print-directory"] + list(words), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, timeout=240)
    return done.returncode, done.stdout.decode("utf-8", "replace").replace("\r", "")


def compile(name, text, *flags):
    source, target = os.path.join(WORK, name + ".c"), os.path.join(WORK, name)
    with open(source, "w") as f:
        f.write(text)
    done = subprocess.run(["gcc", "-o", target, source] + list(flags), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return target if done.returncode == 0 else None


def prog():
    target = os.path.join(WORK, "prog")
    if not os.path.exists(target):
        subprocess.run(["musl-gcc", "-static", "-O2", "-o", target, "tests/musl/prog.c"], check=True)
    return target


def expect(condition, text):
    if not condition:
        yield text.strip().splitlines()[-1] if text.strip() else "(it said nothing)"


def arguments_are_split_as_a_shell_does():
    """against the shell itself"""
    cases = ["", "a", " a  b ", "'a b' c", '"a b" c', r"a\ b", "''", '"" x', r'"a\"b"', r"'a\b'", r'"a\b"',
             r'"\$x \\ \`"', "a'b'c\"d\"e", "a\tb c", "'a\nb'", r"\'", "'\"'", "a#b", "x=1", r"\\", "-n -- '*'"]
    for case in cases:
        shell = subprocess.run(["sh", "-c", "set -f; for a in %s; do printf '%%s\\0' \"$a\"; done" % (case or "$0x1")],
                               stdout=subprocess.PIPE).stdout.decode().split("\0")[:-1]
        got = qemu.split(case)
        if got != shell and case:
            yield "%r: %r, but the shell says %r" % (case, got, shell)
        if not case and got:
            yield "empty ARGS gives %r" % got
    if qemu.split("a\nb") != ["a", "b"]:
        yield "a newline does not separate"
    for case in ["'a", '"a', "a 'b\" c"]:
        try:
            yield "%r gives %r" % (case, qemu.split(case))
        except qemu.Trouble:
            pass


def refusals():
    """what cannot run is refused in one line that names the fix"""
    dynamic = compile("dynamic", "int main(void) { return 0; }")
    script = os.path.join(WORK, "script")
    with open(script, "w") as f:
        f.write("#!/bin/sh\necho\n")
    good = prog()
    with open(good, "rb") as f:
        data = f.read()
    bits32, short, obj, arm, cut, nowhere, fifo = (
        os.path.join(WORK, n) for n in ("bits32", "short", "object", "arm", "cut", "nowhere", "fifo"))
    os.mkfifo(fifo)
    for path, body in [(bits32, data[:4] + b"\x01" + data[5:]), (short, data[:30]),
                       (obj, data[:16] + b"\x01\0" + data[18:]), (arm, data[:18] + b"\xb7\0" + data[20:]),
                       (cut, data[:4096]), (nowhere, data[:32] + b"\xff" * 8 + data[40:])]:
        with open(path, "wb") as f:
            f.write(body)
    cases = [(dynamic, "-static"), (script, "static x86-64"), (bits32, "-m64"), (short, "link it again"),
             (obj, "-static"), (arm, "x86-64"), (WORK, "directory"), (os.path.join(WORK, "no"), "does not exist"),
             (cut, "cut short"), (nowhere, "program header"), ("/dev/zero", "regular file"), (fifo, "regular file"),
             ("/proc/self/mem", "make it readable")]
    for path, fix in cases:
        try:
            qemu.check_program(path)
            yield "%s was accepted" % os.path.basename(path)
        except qemu.Trouble as e:
            if "\n" in str(e) or fix not in str(e):
                yield "%s: %s" % (os.path.basename(path), e)
    qemu.check_program(good)
    status, said = make("run", "PROG=" + dynamic)
    yield from expect(status != 0 and "-static" in said, said)
    status, said = make("run", "ARGS=x")
    yield from expect(status != 0 and "PROG" in said, said)
    for bad in ["CPUS=0", "CPUS=17", "CPUS=x", "CPUS=\u00b2", "MEM=1", "MEM=\u00b2", "MEM=" + "9" * 5000]:
        status, said = make("run", "PROG=" + good, bad)
        yield from expect(status != 0 and "out of range" in said and "Traceback" not in said, said)
    status, said = make("run", "PROG=" + good, "ARGS='x")
    yield from expect(status != 0 and "partner" in said, said)
    for verb in "run", "iso":
        status, said = make(verb, "WORDS=" + "loglevel=6 " * 200)
        yield from expect(status != 0 and "too long" in said and "Traceback" not in said, said)
    status, said = make("iso", "PROG=" + dynamic)
    yield from expect(status != 0 and "-static" in said, said)
    status, said = make("iso", "ARGS=x")
    yield from expect(status != 0 and "PROG" in said, said)


def missing_tools_are_named():
    """no compiler, linker, python, QEMU, gdb, GRUB: one line with the command that mends it, and nothing in build/ changes"""
    flags = os.path.join("build", "x86_64", "flags")
    before = os.stat(flags).st_mtime_ns if os.path.exists(flags) else None
    for words in ([], ["run"], ["host"]):
        status, said = make("CC=no-such-cc", *words)
        yield from expect(status != 0 and len(said.splitlines()) == 1 and "apt-get install" in said, said)
    if before is not None and os.stat(flags).st_mtime_ns != before:
        yield "the file of flags changed: everything would be built again"
    # A PATH that has every tool but one. (ccache, by whatever name, would look for the compiler again.)
    place = os.path.join(WORK, "path")
    os.mkdir(place)
    for at in (os.path.join(f, tool) for f in os.environ["PATH"].split(":") if os.path.isdir(f) for tool in os.listdir(f)):
        link = os.path.join(place, os.path.basename(at))
        if not os.path.lexists(link) and os.path.basename(os.path.realpath(at)) != "ccache":
            os.symlink(at, link)
    compiler = os.environ.get("CC", "gcc")
    for tool, package, goals in [
            (compiler, compiler, ["all"]), ("ld", "binutils", ["run"]), ("awk", "mawk", ["all"]), ("python3", "python3", ["run", "iso"]),
            ("qemu-system-x86_64", "qemu-system-x86", ["run", "run-iso", "gdb", "oracle", "trace", "profile ROW=fork"]),
            ("gdb", "gdb", ["gdb"]), ("grub-mkrescue", "grub-common", ["run-iso"]), ("xorriso", "xorriso", ["iso"]),
            ("mformat", "mtools", ["iso"])]:
        os.rename(os.path.join(place, tool), os.path.join(WORK, "away"))
        for goal in goals:
            status, said = make(*goal.split(), PATH=place)
            lines = [line for line in said.splitlines() if not line.startswith("make")]
            if not status or len(lines) != 1 or not re.search(r"apt-get install .*\b%s\b" % package, said):
                yield "make %s without %s: %s" % (goal, tool, said[-200:])
        os.rename(os.path.join(WORK, "away"), os.path.join(place, tool))


def what_is_missing_is_installed():
    """on a machine without tools: as root, or by sudo that does not ask, by apt; else the exact command is said"""
    place, log = os.path.join(WORK, "tools"), os.path.join(WORK, "apt")
    os.mkdir(place)

    def tool(name, text):
        with open(os.path.join(place, name), "w") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(f.name, 0o755)

    def install():
        """(what doctor said, the calls of apt-get)"""
        with open(log, "w"):
            pass
        done = subprocess.run(["/bin/sh", "tests/doctor", "--install"], env={"PATH": place}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with open(log) as f:
            return done.stdout.decode(), f.read().splitlines()

    for name in ("grep", "cut", "sed", "head", "ls"):
        os.symlink(shutil.which(name), os.path.join(place, name))
    tool("id", "echo 1000")
    said, calls = install()
    yield from expect("no apt-get" in said and "qemu-system-x86" in said and not calls, said)
    tool("apt-get", "echo $* >>%s; [ $1 = update ] && : >%s; [ -e %s ]" % (log, log + ".new", log + ".new"))
    said, calls = install()
    yield from expect(re.search("Please run:  sudo apt-get install .*qemu-system-x86", said) and not calls, said)
    for name, text in [("id", "echo 0"), ("id", "echo 1000")]:
        tool(name, text)
        said, calls = install()
        if [c.split()[0] for c in calls] != ["install", "update", "install"] or "qemu-system-x86" not in calls[2]:
            yield "%s: %s, %s" % (text, calls, said)
        os.unlink(log + ".new")
        tool("sudo", "[ $1 = -n ] && shift; $*")


def the_end_of_the_launcher_leaves_nothing():
    """SIGTERM in the middle of a boot: QEMU is gone, and so is what lay under build/boot"""
    place = os.path.join("build", "boot")
    before = set(os.listdir(place)) if os.path.isdir(place) else set()
    env = dict(os.environ, THAW_PROG=os.path.join(qemu.BUILD, "user/bin/sh"),
               THAW_ARGS="-c 'echo; exec sleep 1000'", MEM="61")
    run = subprocess.Popen([sys.executable, "tests/qemu.py", "run"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, env=env)
    run.stdout.read(1)
    children = "/proc/%d/task/%d/children" % (run.pid, run.pid)
    with open(children) as f:
        machines = f.read().split()
    mine = [d for d in set(os.listdir(place)) - before if mentions(machines, d)]
    run.terminate()
    status = run.wait()
    run.stdout.close()
    if status != 128 + 15 or len(mine) != 1:
        yield "status %d, %d directories" % (status, len(mine))
    for left in [d for d in mine if os.path.exists(os.path.join(place, d))]:
        yield "left behind: build/boot/" + left
    for pid in machines:
        if os.path.exists("/proc/" + pid):
            yield "QEMU goes on"


def a_signal_while_qemu_is_started_leaves_nothing():
    """it comes when there is a QEMU, and nobody has its name yet"""
    script = """if 1:
        import os, signal, subprocess, sys
        sys.path.insert(0, "tests")
        import qemu

        class Early(subprocess.Popen):
            def __init__(self, args, **more):
                super().__init__(args, **more)
                if args[0] == "qemu-system-x86_64":
                    print(self.pid, flush=True)
                    os.kill(os.getpid(), signal.SIGTERM)

        subprocess.Popen = Early
        sys.exit(qemu.main(["qemu.py", sys.argv[1]]))"""
    for verb in "run", "gdb":
        done = subprocess.run([sys.executable, "-c", script, verb], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              env=dict(os.environ, THAW_PROG=os.path.join(qemu.BUILD, "user/bin/sh"), THAW_ARGS="-c 'exec sleep 1000'"))
        pid = re.match(rb"\d+", done.stdout)
        if done.returncode != 128 + 15 or not pid:
            yield "%s: status %d, %s" % (verb, done.returncode, done.stdout[-200:])
        elif os.path.exists("/proc/" + pid.group().decode()):
            os.kill(int(pid.group()), 9)
            yield "%s: QEMU goes on" % verb


def a_signal_while_popen_takes_its_lock_is_survived():
    """the end comes when Popen.wait has its lock for good: a killed machine is reaped all the same"""
    machine = subprocess.Popen(["sleep", "1000"])
    machine._waitpid_lock.acquire()
    machine.kill()
    if qemu.reap(machine) != -9 or machine.returncode != -9:
        yield "its end is %s" % machine.returncode


def mentions(pids, text):
    """Whether one of these processes has `text` on its command line."""
    for pid in pids:
        with open("/proc/%s/cmdline" % pid, "rb") as f:
            if text.encode() in f.read():
                return True
    return False


def a_full_device_is_told():
    """programs that print say so when what they print is lost, and fail"""
    words = ["ls /", "ls -l /", "ps", "free", "cat -n /proc/meminfo", "cat /proc/meminfo", "/bin/echo x"]
    script = "".join("/bin/%s >/dev/full; echo code $?;" % w.replace("/bin/", "") for w in words)
    end = qemu.boot(img=qemu.image(["/bin/sh", "-c", script]), words="loglevel=1")
    said = end.console.decode("utf-8", "replace").replace("\r", "")
    if said.count("code 1\n") != len(words) or said.count("No space left") != len(words):
        yield from said.splitlines() or ["(it said nothing)"]


def a_program_of_another_library_runs():
    """musl: threads, signals, files, floating point; arguments arrive, standard input is at its end"""
    many = " ".join(str(n) for n in range(5, 3001))
    status, said = make("run", "PROG=" + prog(), "ARGS=0 'a  b' \"$HOME\" \\\"q " + many, "CPUS=2")
    for wanted in ["arg 1 [0]", "arg 2 [a  b]", "arg 3 [$HOME]", "arg 4 [\"q]", "arg 3000 [3000]", "threads 10000", "signal ok",
                   "file 1414.213562", "float 3.142 0.333333", "input end of file"]:
        if wanted not in said:
            yield "missing: " + wanted
    yield from expect(status == 0, said)


def exit_codes_are_told():
    """a code that is not 0, and a signal, fail the run and are named"""
    status, said = make("run", "PROG=" + prog(), "ARGS=3")
    yield from expect(status != 0 and "exited with code 3" in said, said)
    status, said = make("run", "PROG=" + prog(), "ARGS=crash")
    yield from expect(status != 0 and "signal 11" in said, said)


def a_bad_boot_word_is_named():
    """an unknown word or design stops the boot with a line that lists the known ones"""
    status, said = make("run", "PROG=" + prog(), "WORDS=oom=nonsense")
    yield from expect(status != 0 and "late_live" in said and "rfc" in said and "by_thread" in said, said)
    status, said = make("run", "PROG=" + prog(), "WORDS=nonsense=1")
    known = re.search(r'"nonsense" is not known; known: (.*)', said)
    words = subprocess.run(["grep", "-rhoP", r'^PARAM\("\K[a-z0-9_]+', "kernel", "arch/x86_64"],
                           stdout=subprocess.PIPE).stdout.decode().split()
    yield from expect(status != 0 and known and sorted(known.group(1).split()) == sorted(words), said)
    if not all(re.search("(?m)^  %s +[a-z0-9]" % word, said) for word in words):
        yield "a word is not explained: %s" % said
    if "PANIC" in said or "backtrace" in said:
        yield "a word of the user's is no reason to panic"


def too_many_boot_words_are_refused():
    """by the kernel, too, that may have a loader of its own: one that is cut is not run"""
    end = qemu.boot(qemu.image(["/bin/true"]), words="loglevel=6 " * 220)
    if end.status != qemu.REFUSED or b"longer than" not in end.console:
        yield "%s: %s" % (end.trouble(), end.console.decode("utf-8", "replace")[-200:])


def a_first_program_that_is_not_there():
    """stops the boot; what the kernel says of it first, it says last"""
    status, said = make("run", "WORDS=init=/nosuch")
    wanted = "/nosuch: there is no such file in the boot archive"
    lines = said.strip().splitlines()
    if not status or not any("PANIC" in line and wanted in line for line in lines) or not any(wanted in line for line in lines[-3:]):
        yield from lines[-3:]


def a_disc_runs_a_program():
    """PROG and ARGS go onto it, and how the program ends is told"""
    status, said = make("run-iso", "PROG=" + prog(), "ARGS=3")
    yield from expect(status != 0 and "exited with code 3" in said, said)


def groups_of_tests_that_were_killed_go():
    """those that nobody has any more; a living test keeps its own"""
    with tempfile.TemporaryDirectory() as root:
        gone = subprocess.Popen(["true"])
        gone.wait()
        for name in "thaw-%d/a/b" % gone.pid, "v1/thaw-%d" % gone.pid, "v1/thaw-%d/c" % os.getpid(), "other/thaw-x":
            os.makedirs(os.path.join(root, name))
        run.sweep(root)
        left = sorted(folder[len(root):] for folder, below, _ in os.walk(root) if not below)
        if left != ["/other/thaw-x", "/v1/thaw-%d/c" % os.getpid()]:
            yield "left: %s" % left


def no_ending_but_the_ordinary_one_passes():
    """a reset, a panic, a refusal, a killed QEMU, a hang: each is a failure with a line of its own"""
    lines = set()
    for status, hung in [(qemu.PASS, False), (0, False), (1, False), (35, False), (37, False), (-9, False),
                         (qemu.PASS, True)]:
        end = qemu.Boot()
        end.status, end.hung, end.seconds = status, hung, 1
        good = status == qemu.PASS and not hung
        if end.passed() != good or (end.trouble() is None) != good:
            yield "status %d, hung %s: %s" % (status, hung, end.trouble())
        lines.add(end.trouble())
    if len(lines) < 7 or "triple fault" not in " ".join(str(x) for x in lines):
        yield "too little is told apart: %s" % lines


def a_triple_fault_is_told():
    """a kernel of two instructions: no interrupt table, and an exception"""
    at, kernel = 0x100000, os.path.join(WORK, "triple")
    code = b"\x0f\x01\x1d" + struct.pack("<I", at + 44) + b"\x0f\x0b"  # lidt, of zeroes; ud2
    head = struct.pack("<8I", 0x1badb002, 0x10000, -(0x1badb002 + 0x10000) & 0xffffffff, at, at, at + 64, at + 64, at + 32)
    with open(kernel, "wb") as f:
        f.write((head + code).ljust(64, b"\0"))
    end = qemu.boot(img=qemu.image(), kernel=kernel, limit=60)
    if end.status != 0 or end.passed() or "triple fault" not in (end.trouble() or ""):
        yield "status %s: %s" % (end.status, end.trouble())


def little_memory_is_enough():
    """16 MiB boot to a prompt that sees end of file"""
    status, said = make("run", "MEM=16")
    yield from expect(status == 0, said)


def large_programs():
    """one that fills most of the memory runs; one that it is too small for is refused in a line that says what to do"""
    large = os.path.join(WORK, "large")
    shutil.copy(prog(), large)
    least = "MEM=%d or more" % (3 * 70 + 2 * qemu.LEAST_MEM)
    for size, mem, refused in (20, 76, None), (20, 64, "needs more memory (MEM="), (70, 64, least):
        os.truncate(large, size << 20)
        status, said = make("run", "PROG=" + large, "ARGS=0", "MEM=%d" % mem)
        good = status and refused in said and "PANIC" not in said if refused else not status and "threads 10000" in said
        yield from expect(good, "%d MiB, MEM=%d: %s" % (size, mem, said[-200:]))
    end = qemu.boot(img=qemu.image(None, large), words="loglevel=4", mem=32, limit=60)
    said = end.console.decode("utf-8", "replace")
    yield from expect(end.status == qemu.REFUSED and re.search(r"boot archive 0 has \d+ KiB: give more memory", said), said)


def sizes():
    """sixteen processors; sixteen GiB of memory, which the host need not have"""
    for words in (["CPUS=16"], ["MEM=16384"], ["CPUS=3", "MEM=20"]):
        status, said = make("run", "PROG=" + prog(), "ARGS=0", *words)
        yield from expect(status == 0 and "threads 10000" in said, said)


def damaged_boot_images():
    """each is refused in a line that says where and why; none is believed, and nothing hangs"""
    img = qemu.image(["/bin/echo", "hi"])
    at = img.index(b"bin/echo\0") - 110  # the header of a file in the middle

    def patch(offset, new):
        return img[:at + offset] + new + img[at + offset + len(new):]

    cases = {"empty": bytes(512), "garbage": b"x" * 4096, "cut in a file": img[:len(img) // 3],
             "cut in a header": img[:50], "cut before its trailer": img[:img.index(b"TRAILER") - 110],
             "a huge name": patch(94, b"ffffffff"), "no name": patch(94, b"00000000"),
             "a huge file": patch(54, b"ffffffff"), "no number": patch(54, b"zzzzzzzz"),
             "a strange mode": patch(14, b"ffffffff"), "a name with ..": patch(110, b"../.././")}
    for name, data in cases.items():
        end = qemu.boot(img=data, words="loglevel=4", limit=60)
        said = end.console.decode("utf-8", "replace")
        if end.hung or end.status != qemu.REFUSED or "cpio: byte" not in said or "PANIC" in said:
            yield "%s: %s: %s" % (name, end.trouble() or "it was believed", said[:100])


def a_second_archive_adds_its_files():
    """the program may come in an archive of its own, behind the first or as another module"""
    more = qemu.Image()
    more.copy("prog/prog", prog())
    more.file("etc/run", b"/prog/prog\0" b"0\0", 0o644)
    archives = [qemu.image(), more.finish()]
    end = qemu.boot(img=b"".join(archives), words="loglevel=4")
    if end.ending() != ("exit", 0) or b"threads 10000" not in end.console:
        yield "behind the first: %s: %s" % (end.trouble(), end.console[-100:])
    yield from boots("as a second module", qemu.command(), archives)


def boots(name, command, archives):
    """A machine that is not as qemu.boot() has them must run its first program to the end."""
    paths, report = [os.path.join(WORK, "archive%d" % n) for n in range(len(archives))], os.path.join(WORK, "report")
    for path, data in zip(paths, archives):
        with open(path, "wb") as f:
            f.write(data)
    done = subprocess.run(command + ["-serial", "null", "-serial", "file:" + report, "-kernel", qemu.KERNEL, "-append",
                                     "stdin=eof", "-initrd", ",".join(paths)],
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
    if done.returncode != qemu.PASS or "exit 0" not in qemu.read_lines(report):
        yield "%s: status %d, %s" % (name, done.returncode, qemu.read_lines(report)[-1:])


def a_machine_that_falls_silent_is_stopped():
    """one that talks may take longer than a silence may last"""
    class Machine:
        """One that says a line in each silence but the last, and ends with 7 after 12."""
        def __init__(self, report, lines):
            self.report, self.lines, self.waits = report, lines, 0

        def wait(self, timeout):
            self.waits += 1
            if self.waits > 12:
                return 7
            if self.waits <= self.lines:
                with open(self.report, "a") as f:
                    f.write("\n")
            raise subprocess.TimeoutExpired("qemu", timeout)

    with tempfile.TemporaryDirectory() as work:
        for lines, wanted in (12, 7), (3, None):
            machine = Machine(os.path.join(work, "report%d" % lines), lines)
            try:
                status = qemu.wait_while_it_talks(machine, machine.report, 1000, 5)
            except subprocess.TimeoutExpired:
                status = None
            yield from expect(status == wanted and machine.waits == (13 if wanted else lines + 1),
                              "%d lines: status %s after %d waits" % (lines, status, machine.waits))


def lesser_processors():
    """what a processor does not have is not used: neither SMAP nor XSAVE, or no AVX; and a newer board"""
    img = qemu.image(["/prog/prog", "0"], prog())
    for machine, model in [("pc", "qemu64"), ("q35", "core2duo"), ("pc", "Nehalem"), ("pc", "Haswell")]:
        yield from boots(model, qemu.command(cpus=2, machine=machine, model=model), [img])


def our_programs_run_on_linux():
    """the programs of the boot image are static Linux programs, each of them; what only Thaw has is refused in a line"""
    with open("README.md") as f:
        text = f.read()
    place, me, fresh = os.path.join(qemu.BUILD, "user", "bin"), str(os.getpid()), os.path.join(WORK, "fresh")
    asked = [("cat README.md", re.escape(text)), ("ls tests/shell", r"script\.sh\n"), ("ps", r" *PID(.|\n)*\b%s\b" % me),
                          ("free", r" *total +used +free(.*\n)+ *\d+"), ("kill -0 " + me, ""), ("echo a b", "a b\n"),
                          ("hog 2 private exit", "hog"), ("swarm 3 threads sleep 0", "swarm"), ("sh -c 'echo $((6*7))'", "42\n"),
                          ("mkdir " + fresh, ""), ("rm -r " + fresh, ""), ("mkdir " + fresh, ""), ("rmdir " + fresh, ""),
                          ("sleep 0", ""), ("true", ""), ("false", ""), ("mount", r"\S+ / "), ("umount /no/where", "umount: /no/where: "),
                          ("strace %s/echo x" % os.path.relpath(place), r'execve\("\S+/echo", '), ("trace", "trace: usage: "),
                          ("init", "init: only process 1 "), ("demo", "demo: .* the scene needs Thaw"), ("freeze", "freeze: /sys/power/pm_test: ")]
    codes = {"false": 1, "umount": 1, "trace": 2, "init": 1, "demo": 1, "freeze": 1}
    yield from ["nobody asks " + name for name in sorted(set(os.listdir(place)) - {words.split()[0] for words, _ in asked})]
    for words, wanted in asked:
        argv = shlex.split(words)
        done = subprocess.run([os.path.join(place, argv[0])] + argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        if done.returncode != codes.get(argv[0], 0) or not re.search("^" + wanted, done.stdout.decode(), re.M):
            yield "%s: code %d, %r" % (words, done.returncode, done.stdout[:80])


def a_key_ends_suspend():
    """suspended to idle without an alarm, the machine wakes when something is typed"""
    with tempfile.TemporaryDirectory() as work:
        s = terminal.Session(work, qemu.image(), words="loglevel=6")
        try:
            s.wait(s.prompt)
            s.type("echo freeze >/sys/power/state\r")
            s.wait(r"Freezing remaining freezable tasks completed")
            s.type("\r")
            s.wait(r"PM: suspend exit \(0\)")
            s.wait(s.prompt)
        except terminal.Wrong as e:
            yield str(e)
        finally:
            s.close()


def a_console_for_people():
    """on a terminal: lines are echoed, ^C interrupts, ^D ends the shell and the machine"""
    pid, fd = pty.fork()
    if pid == 0:
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            os.environ.pop(name, None)
        os.execvp("make", ["make", "--no-print-directory", "run"])
    said = last = b""

    def until(wanted):
        nonlocal said, last
        end = time.monotonic() + 60
        while wanted not in said and time.monotonic() < end:
            if select.select([fd], [], [], 1)[0]:
                try:
                    said = (said + os.read(fd, 4096)).replace(b"\r", b"")
                except OSError:
                    break
        found, last, said = wanted in said, said, b""
        return found

    for send, wanted in [(b"", b"# "), (b"echo a b | cat\n", b"\na b\n# "), (b"cat\nzz\n", b"zz\nzz"),
                         (b"\x03", b"# "), (b"echo code $?\n", b"code 130\n# ")]:
        os.write(fd, send)
        if not until(wanted):
            yield "after %r: no %r in %r" % (send, wanted, last[-100:])
            os.kill(pid, 9)
            break
    os.write(fd, b"\x04")
    until(b"nothing: the line goes dead")
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        yield "make failed: %r" % last[-200:]


def a_killed_shell_fails_the_run():
    """a shell that a signal ended is no good end; its lines reach the terminal as they are"""
    pid, fd = pty.fork()
    if pid == 0:
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            os.environ.pop(name, None)
        os.execvp("make", ["make", "--no-print-directory", "run"])
    said, sent, end = b"", False, time.monotonic() + 120
    while time.monotonic() < end:
        if not sent and b"# " in said:
            os.write(fd, b"kill -9 $$\n")
            sent = True
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            said += os.read(fd, 4096)
        except OSError:
            break
    else:
        yield "no end"
        os.kill(pid, 9)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    if status == 0 or b"killed by signal 9" not in said:
        yield "status %d: %r" % (status, said[-200:])
    if b"\r\r\n" in said:
        yield "a line ends in CR CR LF: %r" % said[max(said.index(b"\r\r\n") - 40, 0):][:50]


def gdb_stops_at_the_entry():
    """both sides of a debugging session"""
    status, said = make("gdb")
    yield from expect("Breakpoint 1" in said and "entry64" in said, said)


def readme_commands_work():
    """every command of README.md: each make target exists; those that end by themselves are run"""
    with open("README.md") as f:
        blocks = re.findall(r"```sh\n(.*?)```", f.read(), re.S)
    run_here = {"make help", "make doctor", "make", "make run", "make iso", "make run-iso", "make host",
                "tests/run.py --list"}
    seen = 0
    for line in "".join(blocks).splitlines():
        command = line.split("#")[0].strip()
        if not command:
            continue
        seen += 1
        if command in run_here:
            if command.startswith("make"):
                status, said = make(*shlex.split(command)[1:])
            else:
                done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                status, said = done.returncode, done.stdout.decode()
            if status:
                yield "%s: %s" % (command, said.strip().splitlines()[-1:])
        elif command.startswith("make"):
            status, said = make("-n", *[w for w in shlex.split(command)[1:]])
            if status:
                yield "%s: %s" % (command, said.strip().splitlines()[-1:])
        elif command.startswith("tests/run.py"):
            words = shlex.split(command)[1:]
            listed = subprocess.run(["tests/run.py", "--list"], stdout=subprocess.PIPE).stdout.decode().splitlines()
            name = words[1].split(".")[0] if len(words) > 1 else ""
            if not any(x.startswith("%s %s" % (words[0], name)) for x in listed):
                yield "%s: no such test" % command
        elif not command.startswith("tests/designs.py"):  # exhibition.py follows the README there
            yield "nobody tests: %s" % command
    if seen < 5:
        yield "only %d commands found" % seen


def a_reader_who_leaves_is_no_trouble():
    """a command whose output nobody reads any more ends without a traceback"""
    for words in (["tests/run.py", "--list"], ["tests/designs.py", "late_live", "vfork_parent"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([sys.executable] + words, stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE, timeout=120)
        os.close(write)
        if b"Traceback" in done.stderr or b"BrokenPipe" in done.stderr:
            yield "%s: %s" % (" ".join(words), done.stderr.decode("utf-8", "replace").strip().splitlines()[-1])
        if done.returncode != 141:
            yield "%s ends with %d" % (" ".join(words), done.returncode)


RULES = [arguments_are_split_as_a_shell_does, refusals, a_machine_that_falls_silent_is_stopped,
         missing_tools_are_named, what_is_missing_is_installed, the_end_of_the_launcher_leaves_nothing,
         a_signal_while_qemu_is_started_leaves_nothing, a_signal_while_popen_takes_its_lock_is_survived, a_full_device_is_told,
         a_killed_shell_fails_the_run, a_program_of_another_library_runs, exit_codes_are_told, a_bad_boot_word_is_named,
         too_many_boot_words_are_refused, a_first_program_that_is_not_there, a_disc_runs_a_program,
         groups_of_tests_that_were_killed_go, no_ending_but_the_ordinary_one_passes, a_triple_fault_is_told,
         little_memory_is_enough, large_programs, sizes, damaged_boot_images,
         a_second_archive_adds_its_files, lesser_processors, our_programs_run_on_linux, a_key_ends_suspend,
         a_console_for_people, gdb_stops_at_the_entry, readme_commands_work,
         a_reader_who_leaves_is_no_trouble]


if __name__ == "__main__":
    rules.main(RULES)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Starts Thaw in QEMU: makes the boot image, gives it the console, and hears what came of it.

The guest speaks on two serial lines. The first is the console, for people. The second is the report,
for us: one line a fact. init writes `exit N` or `signal N` there when the first program has ended, and
a program may write `result key=value`. A boot counts as finished well only if QEMU's exit status is
33, which the kernel alone can cause, by powering off in order: a triple fault ends QEMU with 0.
"""

import contextlib
import os
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
KERNEL = os.path.join(BUILD, "thaw.elf")
PASS = 33
PACKAGE = {"qemu-system-x86_64": "qemu-system-x86", "gdb": "gdb", "grub-mkrescue": "grub-common", "xorriso": "xorriso",
           "mformat": "mtools"}
REFUSED = 37  # a boot word or an archive is wrong; the console says which
LEAST_MEM = 8  # MiB
MOST_WORDS = 2000  # bytes of boot words; the kernel has room for 2046, and there are some of ours
DIRECTORIES = ["sbin", "bin", "dev", "etc", "proc", "prog", "root", "sys", "tests", "tmp"]


class Trouble(Exception):
    """Something the user can mend; the text says how."""


def need(*tools):
    """Refuses to go on without them, in one line that installs them."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise Trouble("%s not installed: sudo apt-get install -y --no-install-recommends %s" % (
            " and ".join(missing) + (" are" if missing[1:] else " is"), " ".join(PACKAGE[tool] for tool in missing)))


# ---- the boot image: a cpio archive in the `newc` form ----


class Image:
    def __init__(self):
        self.data = bytearray()
        self.inode = 0

    def _entry(self, name, mode, content):
        self.inode += 1
        path = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0]
        self.data += b"070701" + b"".join(b"%08x" % f for f in fields) + path
        self.data += bytes(-len(self.data) % 4) + content
        self.data += bytes(-len(self.data) % 4)

    def directory(self, name, mode=0o755):
        self._entry(name, stat.S_IFDIR | mode, b"")

    def file(self, name, content, mode=0o755):
        self._entry(name, stat.S_IFREG | mode, content)

    def copy(self, name, path):
        with open(path, "rb") as f:
            self.file(name, f.read())

    def finish(self):
        self._entry("TRAILER!!!", 0, b"")
        return bytes(self.data) + bytes(-len(self.data) % 512)


def image(argv=None, prog=None, extra=()):
    """The boot image: the programs, what init shall run (argv), a program of the user's, extra files."""
    img = Image()
    for name in DIRECTORIES:
        img.directory(name, 0o1777 if name == "tmp" else 0o755)
    programs = os.path.join(BUILD, "user", "bin")
    for name in sorted(os.listdir(programs)) if os.path.isdir(programs) else []:
        path = os.path.join(programs, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            img.copy("sbin/init" if name == "init" else "bin/" + name, path)
    if prog:
        img.copy("prog/" + os.path.basename(prog), prog)
    for name, path in extra:
        img.copy(name, path)
    if argv:
        img.file("etc/run", b"".join(os.fsencode(a) + b"\0" for a in argv), 0o644)
    return img.finish()


# ---- one boot ----


class Boot:
    """What came of a boot: status (QEMU's), report (lines), console (bytes, if captured), seconds, hung."""
    quiet = "stdin=eof "  # the boot word for a console without a user
    console = b""

    def passed(self):
        return self.status == PASS and not self.hung

    def result(self):
        """The `result key=value` lines of the report."""
        found = {}
        for line in self.report:
            if line.startswith("result ") and "=" in line:
                key, value = line[7:].split("=", 1)
                found[key] = value
        return found

    def ending(self):
        """How the first program ended: ("exit", N), ("signal", N), or None."""
        for line in reversed(self.report):
            word = line.split()
            if len(word) == 2 and word[0] in ("exit", "signal") and word[1].isdigit():
                return word[0], int(word[1])
        return None

    def trouble(self):
        """One line for a boot that did not end in order; None for one that did."""
        if self.hung:
            return "no end after %d s: the machine is too slow, or hung" % self.seconds
        if self.status == PASS:
            return None
        if self.status == REFUSED:
            return "the kernel refused what it was booted with: the line above says why"
        if self.status == 0:
            return "the machine reset itself (a triple fault)"
        if self.status == 1:
            return "QEMU itself gave up: its own line says why"
        if self.status < 0:
            return "QEMU was killed by signal %d" % -self.status
        late = re.search(rb"watchdog: the machine has run for (\d+) ms", self.console)
        if late:
            return "stopped after %g s of the machine's own time" % (int(late.group(1)) / 1000)
        return "the kernel panicked or stopped out of order (QEMU's status %d, not %d)" % (self.status, PASS)


def command(cpus=1, mem=64, icount=False, machine="pc", model="max"):
    """QEMU's command line without what to boot and the serial lines."""
    args = ["qemu-system-x86_64", "-M", machine + ",memory-backend=ram", "-accel", "tcg", "-cpu", model, "-m", str(mem)]
    # The guest may have more memory than the host, as long as it touches less.
    args += ["-object", "memory-backend-ram,id=ram,reserve=off,size=%dM" % mem]
    args += ["-smp", str(cpus), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    args += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if icount:  # the seed is that of RDRAND
        args += ["-seed", "1", "-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm"]
    return args


def boot(img=None, words="", cpus=1, mem=64, icount=False, console=None, interactive=False, limit=120,
         iso=None, kernel=KERNEL, kind=Boot, extra=(), silence=None):
    """Boots once. console: None collects it, a file object streams it there. extra: more words for QEMU.
    silence: the most seconds between two lines of the report. Returns a Boot, or the like of it."""
    if not iso and not os.path.exists(kernel):
        raise Trouble("%s is not built: run `make`." % os.path.relpath(kernel))
    with scratch() as work, terminal(interactive):
        return boot_in(work, img, words, cpus, mem, icount, console, interactive, limit, iso, kernel, kind, extra, silence)


@contextlib.contextmanager
def scratch():
    """A directory under build/boot for one boot, gone after it however it ends."""
    os.makedirs(os.path.join(BUILD, "boot"), exist_ok=True)
    work = tempfile.mkdtemp(dir=os.path.join(BUILD, "boot"))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def terminal(interactive):
    """The guest's console ends its lines with CR LF itself: the user's terminal shall not add a CR.
    (QEMU turns the terminal's input raw, and leaves its output as it finds it.)"""
    if not interactive or not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    plain = before[:1] + [before[1] & ~termios.ONLCR] + before[2:]
    termios.tcsetattr(sys.stdin, termios.TCSANOW, plain)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def wait_while_it_talks(qemu, report, limit, silence):
    """Its status; TimeoutExpired after limit seconds, or when the file `report` has not grown for `silence`."""
    end, size = time.monotonic() + limit, -1
    while True:
        try:
            return qemu.wait(timeout=min(silence, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            now = os.path.getsize(report) if os.path.exists(report) else 0
            if now == size or time.monotonic() >= end:
                raise
            size = now


def reap(process):
    """How it ended, past Popen.wait: a signal that comes while that takes its lock leaves it locked for ever."""
    try:
        _, status = os.waitpid(process.pid, 0)
    except ChildProcessError:       # that had asked already, and not yet kept the answer
        status = signal.SIGKILL
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode


def boot_in(work, img, words, cpus, mem, icount, console, interactive, limit, iso, kernel, kind, extra, silence):
    report = os.path.join(work, "report")
    output = os.path.join(work, "console")
    words = words if interactive else kind.quiet + words
    args = command(cpus, mem, icount) + list(extra)
    args += ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", "-serial", "file:" + report]
    if iso:
        args += ["-cdrom", iso, "-boot", "d"]
    else:
        initrd = os.path.join(work, "initrd.cpio")
        with open(initrd, "wb") as f:
            f.write(img)
        # QEMU's other firmware, done in half the time: there are hundreds of boots. The CD, gdb and the console's tests have SeaBIOS.
        args += ["-bios", "qboot.rom"]
        args += ["-kernel", kernel, "-append", words.strip(), "-initrd", initrd]
    out = console if console is not None else open(output, "wb")
    result = kind()
    result.hung, result.status = False, None
    start, qemu = time.monotonic(), None
    try:
        try:
            with no_end_yet():
                qemu = subprocess.Popen(args, stdin=None if interactive else subprocess.DEVNULL, stdout=out)
            if silence:
                result.status = wait_while_it_talks(qemu, report, limit, silence)
            else:
                result.status = qemu.wait(timeout=None if interactive else limit)
        except subprocess.TimeoutExpired:
            result.hung = True
        finally:
            if qemu and qemu.poll() is None:
                qemu.kill()
                result.status = reap(qemu)
        result.seconds = time.monotonic() - start
        result.report = read_lines(report)
        result.console = b""
        if console is None:
            out.close()
            with open(output, "rb") as f:
                result.console = f.read()
    except FileNotFoundError:
        need(args[0])
        raise
    return result


def read_lines(path):
    try:
        with open(path, "rb") as f:
            return f.read().decode("utf-8", "replace").replace("\r", "").splitlines()
    except FileNotFoundError:
        return []


# ---- what a user brings ----


def split(text):
    """Splits as a POSIX shell does: blanks separate, quotes and backslashes join; nothing else is special."""
    words, word, i = [], None, 0
    while i < len(text):
        c = text[i]
        i += 1
        if c in " \t\n":
            if word is not None:
                words.append(word)
            word = None
            continue
        if c == "\\" and text[i:i + 1] == "\n":
            i += 1
            continue
        word = word if word is not None else ""
        if c == "'":
            end = text.find("'", i)
            if end < 0:
                raise Trouble("ARGS has a ' without its partner.")
            word += text[i:end]
            i = end + 1
        elif c == '"':
            while True:
                if i >= len(text):
                    raise Trouble('ARGS has a " without its partner.')
                c = text[i]
                i += 1
                if c == '"':
                    break
                if c == "\\" and text[i:i + 1] in ("$", "`", '"', "\\", "\n"):
                    word += text[i].replace("\n", "")
                    i += 1
                else:
                    word += c
        elif c == "\\":
            word += text[i:i + 1] or "\\"
            i += 1
        else:
            word += c
    if word is not None:
        words.append(word)
    return words


def check_program(path):
    """Refuses what Thaw cannot run, in one line that names the fix."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise Trouble("PROG=%s is a directory: name a program." % path)
        if not stat.S_ISREG(mode):
            raise Trouble("PROG=%s is not a regular file: name a program." % path)
        with open(path, "rb") as f:
            data = f.read()
    except FileNotFoundError:
        raise Trouble("PROG=%s does not exist: give the path of a program." % path)
    except OSError as e:
        raise Trouble("PROG=%s cannot be read (%s): make it readable." % (path, e.strerror.lower()))
    if data[:4] != b"\x7fELF" or len(data) < 20:
        raise Trouble("PROG=%s is not an ELF program: give a static x86-64 Linux executable." % path)
    if data[4] != 2:
        raise Trouble("PROG=%s is a 32-bit program: compile it for x86-64 (gcc -m64 -static)." % path)
    if data[5] != 1 or struct.unpack_from("<H", data, 18)[0] != 62:
        raise Trouble("PROG=%s is not for x86-64: compile it for x86-64." % path)
    if len(data) < 64:
        raise Trouble("PROG=%s ends inside its ELF header: link it again." % path)
    kind, = struct.unpack_from("<H", data, 16)
    if kind not in (2, 3):
        raise Trouble("PROG=%s is not linked yet (an object file or a core): link it with -static." % path)
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    loads = False
    for i in range(count):
        at = offset + i * size
        if size < 56 or at + 56 > len(data):
            raise Trouble("PROG=%s has a damaged program header table: link it again." % path)
        p_type, = struct.unpack_from("<I", data, at)
        if p_type == 3:
            raise Trouble("PROG=%s is dynamically linked: link it with -static." % path)
        if p_type == 1:
            loads = True
            start, _, _, length = struct.unpack_from("<QQQQ", data, at + 8)
            if start + length > len(data):
                raise Trouble("PROG=%s is cut short (%d bytes; a segment ends at %d): copy or link it again."
                              % (path, len(data), start + length))
    if not loads:
        raise Trouble("PROG=%s has nothing to load: link it again, with -static." % path)


def number(name, default, low, high):
    text = os.environ.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise Trouble("%s=%s is out of range: give a number from %d to %d." % (name, text, low, high))
    return int(text)


def asked():
    """What the user said on make's command line, as boot()'s arguments."""
    return {"cpus": number("CPUS", 1, 1, 16), "mem": number("MEM", 64, LEAST_MEM, 65536), "words": asked_words()}


def asked_words():
    words = os.environ.get("THAW_WORDS", "")
    if len(os.fsencode(words)) > MOST_WORDS:
        raise Trouble("WORDS is too long: %d bytes, and the kernel takes %d." % (len(os.fsencode(words)), MOST_WORDS))
    return words


def signal_name(n):
    try:
        return " (%s)" % signal.Signals(n).name
    except ValueError:
        return ""


def asked_program():
    """What PROG and ARGS say, or one line that names what is wrong with it: (program, argv)."""
    prog = os.environ.get("THAW_PROG", "")
    args = split(os.environ.get("THAW_ARGS", ""))
    if args and not prog:
        raise Trouble("ARGS needs PROG=path: the program that gets them.")
    argv = None
    if prog:
        check_program(prog)
        argv = ["/prog/" + os.path.basename(prog)] + args
    return prog, argv


def check(*tools):
    """Everything that the user said: (program, argv, boot()'s arguments). tools: what is needed beside QEMU."""
    prog, argv = asked_program()
    how = asked()
    # It is in the archive, and files may take half of what memory is left. With little more, the kernel says what it lacks.
    size = os.path.getsize(prog) >> 20 if prog else 0
    if how["mem"] < 3 * size:
        raise Trouble("PROG=%s has %d MiB: it needs MEM=%d or more." % (prog, size, 3 * size + 2 * LEAST_MEM))
    need("qemu-system-x86_64", *tools)
    return prog, argv, how


def run():
    prog, argv, how = check()
    interactive = sys.stdin.isatty()
    if not prog and not interactive:
        print("(standard input is not a terminal: the shell will see end of file)", file=sys.stderr)
    sys.stdout.flush()
    return tell(boot(image(argv, prog), console=sys.stdout, interactive=interactive, limit=24 * 3600, **how), prog, argv)


def tell(end, prog, argv):
    """make's status for how the first program ended, which is said unless it is 0."""
    if end.trouble():
        raise Trouble("thaw: " + end.trouble())
    ending = end.ending()
    if ending is None:
        if not prog:
            return 0
        raise Trouble("thaw: init did not say how %s ended" % argv[0])
    what, n = ending
    if what == "exit" and n == 0:
        return 0
    if what == "exit":
        print("%s exited with code %d" % (argv[0] if argv else "the shell", n), file=sys.stderr)
    else:
        print("%s was killed by signal %d%s" % (argv[0] if argv else "the shell", n, signal_name(n)), file=sys.stderr)
    return 1


def gdb():
    _, _, how = check("gdb")
    with scratch() as work:
        return gdb_in(work, how)


def gdb_in(work, how):
    sock, initrd = os.path.join(work, "gdb"), os.path.join(work, "initrd.cpio")
    console = os.path.join(work, "console")
    with open(initrd, "wb") as f:
        f.write(image())
    args = command(how["cpus"], how["mem"]) + ["-serial", "file:" + console, "-serial", "null"]
    args += ["-kernel", KERNEL, "-append", how["words"] + " stdin=eof", "-initrd", initrd]
    args += ["-S", "-gdb", "unix:%s,server=on,wait=off" % sock]
    qemu = None
    try:
        with no_end_yet():
            qemu = subprocess.Popen(args, stdin=subprocess.DEVNULL, start_new_session=True)
        print("The console goes to %s" % os.path.relpath(console))
        while not os.path.exists(sock) and qemu.poll() is None:
            time.sleep(0.01)
        # One that is answered late is asked twice by gdb, and takes each answer after that for the next one's.
        say = ["set remotetimeout 60", "target remote " + sock, "hbreak %s" % os.environ.get("ENTRY", "entry64"), "continue"]
        batch = [] if sys.stdin.isatty() else ["-batch"]
        say += [] if sys.stdin.isatty() else ["backtrace", "kill"]
        return subprocess.call(["gdb", "-q"] + batch + [x for s in say for x in ("-ex", s)] + [KERNEL])
    finally:
        if qemu and qemu.poll() is None:
            qemu.kill()
            qemu.wait()


def make_iso(path, img=None, words=""):
    """A CD that boots by GRUB; the kernel is the same file, the image the same bytes."""
    need("grub-mkrescue", "xorriso", "mformat")
    with tempfile.TemporaryDirectory() as tree:
        os.makedirs(os.path.join(tree, "boot", "grub"))
        shutil.copy(KERNEL, os.path.join(tree, "boot", "thaw.elf"))
        with open(os.path.join(tree, "boot", "initrd.cpio"), "wb") as f:
            f.write(img if img is not None else image())
        with open(os.path.join(tree, "boot", "grub", "grub.cfg"), "w") as f:
            f.write("set timeout=0\nserial --unit=0\nterminal_input serial\nterminal_output serial\n"
                    "multiboot /boot/thaw.elf %s\nmodule /boot/initrd.cpio\nboot\n" % words)
        args = ["grub-mkrescue", "-o", path, tree, "--fonts=", "--locales=", "--themes="]
        args += ["--install-modules=multiboot multiboot2 normal iso9660 serial biosdisk"]
        done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            sys.stderr.write(done.stdout.decode("utf-8", "replace"))
            raise Trouble("grub-mkrescue failed: run `make doctor`.")


def check_iso():
    asked_program()
    asked_words()
    need("grub-mkrescue", "xorriso", "mformat")
    return 0


def iso(path):
    prog, argv = asked_program()
    make_iso(path, image(argv, prog), asked_words())
    print("%s: %d KiB" % (os.path.relpath(path), os.path.getsize(path) // 1024))
    return 0


def run_iso(path):
    prog, argv, how = check()
    interactive = sys.stdin.isatty()
    if not interactive:
        make_iso(path, image(argv, prog), how["words"] + " stdin=eof")
    sys.stdout.flush()
    limit = 24 * 3600
    return tell(boot(iso=path, cpus=how["cpus"], mem=how["mem"], console=sys.stdout, interactive=interactive, limit=limit), prog, argv)


# ---- the demonstration ----

DESIGNS = ["late_live", "rfc", "by_thread"]
# key of the report, heading, the value the default design promises (None: a measure, not a promise)
PROMISES = [
    ("fridge", "threads left in fridge", "0"),
    ("victims", "victims still counted", "0"),
    ("disable", "oom_killer_disable", "ok"),
    ("io_after_barrier", "block IO after it", "0"),
    ("suspend", "suspend", "ok"),
    ("kill_insns", "instructions, kill to free", None),
]


def demo():
    table, kept = {}, True
    for design in DESIGNS:
        print("\n==== oom=%s ====\n" % design, flush=True)
        words = "loglevel=6 oom=" + design
        end = boot(image(["/bin/demo"]), words=words, mem=64, icount=True, console=sys.stdout, limit=300)
        sys.stdout.flush()
        if end.trouble():
            print("\nthaw: %s (oom=%s)" % (end.trouble(), design))
        table[design] = end.result() if not end.trouble() else {}
    print("\nThe same scene, booted once per accounting design. What was observed:\n")
    heads = ["design"] + [h for _, h, _ in PROMISES]
    rows = [[d] + [table[d].get(k, "?") for k, _, _ in PROMISES] for d in DESIGNS]
    width = [max(len(r[i]) for r in rows + [heads]) for i in range(len(heads))]
    for r in [heads, ["-" * w for w in width]] + rows:
        print("  " + "  ".join(c.ljust(w) for c, w in zip(r, width)).rstrip())
    print("\n  The last column is virtual time at one instruction a nanosecond: where every processor was idle,\n"
          "  the time until the next timer is in the figure too.")
    for key, head, wanted in PROMISES:
        got = table[DESIGNS[0]].get(key, "?")
        if wanted is not None and got != wanted:
            print("\n%s did not keep its promise: %s is %s, not %s" % (DESIGNS[0], head, got, wanted))
            kept = False
    if kept:
        print("\n%s, the default, kept every promise." % DESIGNS[0])
    return 0 if kept else 1


starting, late = False, 0


@contextlib.contextmanager
def no_end_yet():
    """A signal that ends us waits until what is started here has its name: nobody could put it away before."""
    global starting
    starting = True
    try:
        yield
    finally:
        starting = False
    if late:
        stop(late, None)


def stop(number, _):
    """A signal that ends us leaves as an exception, so that everything is put away; once."""
    global late
    if starting:
        late = number
        return
    for n in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(n, signal.SIG_IGN)
    sys.exit(128 + number)


def main(argv):
    verbs = {"run": run, "check": lambda *tools: check(*tools) and 0, "check-iso": check_iso, "gdb": gdb, "demo": demo, "iso": iso, "run-iso": run_iso}
    if len(argv) < 2 or argv[1] not in verbs:
        print("usage: qemu.py %s" % " | ".join(verbs), file=sys.stderr)
        return 2
    for n in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(n) != signal.SIG_IGN:
            signal.signal(n, stop)
    return verbs[argv[1]](*argv[2:])


def as_command(main, *args):
    """Ends the program as a command line's: trouble is one line, and a reader of the output who has left is no trouble."""
    try:
        status = main(*args)
        sys.stdout.flush()
    except Trouble as e:
        print(e, file=sys.stderr)
        status = 1
    except FileNotFoundError as e:
        if not e.filename or "/" in str(e.filename):    # a file; a tool is named without a place
            raise
        print("%s is not installed: `make doctor` says what to install." % e.filename, file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    sys.exit(status)


if __name__ == "__main__":
    as_command(main, sys.argv)

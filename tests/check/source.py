#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Rules of the source that a compiler does not check. One TAP line a rule."""

import collections
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import rules  # noqa: E402


def files(*suffixes, under="."):
    found = []
    for base, dirs, names in os.walk(under):
        dirs[:] = sorted(d for d in dirs if d not in (".git", "build", "__pycache__"))
        for name in sorted(names):
            if not suffixes or name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(base, name), "."))
    return found


def text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def no_if_in_kernel_c():
    """kernel/*.c has no #if: the machine is chosen by folder"""
    for path in files(".c", under="kernel"):
        for n, line in enumerate(text(path).splitlines(), 1):
            if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line):
                yield "%s:%d: %s" % (path, n, line.strip())


def a_call_is_here_or_absent():
    """a system call is in kernel/syscalls.def or in syscalls_absent.def, not in both"""
    here, absent = (set(re.findall(r"^[A-Z]+\((\d+),", text("kernel/" + name), re.M))
                    for name in ("syscalls.def", "syscalls_absent.def"))
    for number in sorted(here & absent, key=int):
        yield "kernel/syscalls_absent.def: %s is here" % number


def spdx_everywhere():
    """the first line (the second after #!) says the licence"""
    for path in files(".c", ".h", ".S", ".ld", ".py", ".mk", ".sh", ".def", ".awk", ".js", ".md") + [
            "Makefile", ".ci/run", "tests/doctor"]:
        head = text(path).splitlines()[:2]
        if not any("SPDX-License-Identifier: GPL-2.0-only" in line for line in head):
            yield path


def includes_name_their_path():
    """an include of ours says its path from the root, or is the machine's own in <>"""
    for path in files(".c", ".h", under="kernel"):
        for n, line in enumerate(text(path).splitlines(), 1):
            m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if m and not m.group(1).startswith("kernel/"):
                yield "%s:%d: %s" % (path, n, line.strip())
            m = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            if m and m.group(1) not in ("machine.h", "uaccess.h", "stdint.h", "stddef.h", "stdbool.h", "stdarg.h",
                                        "stdatomic.h"):
                yield "%s:%d: %s" % (path, n, line.strip())


def layers_are_kept():
    """who may include whom"""
    layers = [
        # folder, files, what they may include (a pattern), the rule in words
        ("kernel/lib", r"\.[ch]$", r'"kernel/(lib/|abi\.h)|<std', "kernel/lib knows only itself and the errnos"),
        ("kernel/oom", r"\.c$", r'"kernel/oom\.h"', "a design includes kernel/oom.h alone"),
        ("arch/x86_64", r"\.[chS]$",
         r'"(kernel/(arch|entry|abi|task|panic|printk|sched|signal|mm/mm)\.h|kernel/lib/|arch/x86_64/|[a-z0-9_]+\.h)|<',
         "arch sees the contracts (arch.h, entry.h, abi.h, task.h, mm.h), lib and its own"),
        ("arch/host", r"^(?!os_).*\.[ch]$",
         r'"(kernel/|arch/host/)|<(std|machine\.h)', "only os_*.c sees libc"),
        ("arch/host", r"^os_.*\.c$", r'"(arch/host/)?os\.h"|<', "os_*.c sees no kernel type"),
    ]
    for folder, which, allowed, why in layers:
        for path in files(".c", ".h", ".S", under=folder):
            if not re.search(which, os.path.basename(path)):
                continue
            for n, line in enumerate(text(path).splitlines(), 1):
                m = re.match(r"\s*#\s*include\s+(\S+)", line)
                if m and not re.match(allowed, m.group(1)):
                    yield "%s:%d: %s (%s)" % (path, n, m.group(1), why)


def headers_say_once():
    """#pragma once in every header"""
    for path in files(".h"):
        if not path.startswith("user/") and "#pragma once" not in text(path):
            yield path


def lines_fit():
    """no line is longer than 160 columns, no blanks at line ends, a newline at the end"""
    for path in files(".c", ".h", ".S", ".py"):
        body = text(path)
        if not body.endswith("\n"):
            yield path + ": no newline at the end"
        for n, line in enumerate(body.splitlines(), 1):
            if len(line.expandtabs(8)) > 160:
                yield "%s:%d: %d columns" % (path, n, len(line.expandtabs(8)))
            if line != line.rstrip():
                yield "%s:%d: blanks at the end" % (path, n)


def statements_do_something():
    """a line that is only a semicolon is the body of the loop before it"""
    for path in files(".c"):
        before = ""
        for n, line in enumerate(text(path).splitlines(), 1):
            if line.strip() == ";" and not re.search(r"\)\s*(//.*)?$", before):
                yield "%s:%d" % (path, n)
            before = line


def no_libc_names():
    """no kernel symbol is a libc symbol, so that the host build needs no renaming"""
    libc = set("""malloc free calloc realloc printf sprintf snprintf puts strlen strcpy strcmp memchr fork
        exec wait exit kill signal raise read write open close panic_ pause sleep time""".split())
    objects = files(".o", under="build/x86_64/kernel") if os.path.isdir("build/x86_64/kernel") else []
    if not objects:
        yield "the kernel is not built"
        return
    out = subprocess.run(["nm", "-A", "--defined-only", "-g"] + objects, stdout=subprocess.PIPE, check=True).stdout
    for line in out.decode().splitlines():
        if line.split()[-1] in libc:
            yield "%s defines %s" % (line.partition(":")[0], line.split()[-1])


def every_function_is_called():
    """a function that is not static has a use besides its definition and its declaration"""
    uses, header_uses, defined = collections.Counter(), collections.Counter(), {}
    for folder in ("kernel", "arch", "tests/model"):
        for path in files(".c", ".S", ".h", ".def", under=folder):
            body = re.sub(r"/\*.*?\*/|//[^\n]*", "", text(path), flags=re.S)
            (header_uses if path.endswith(".h") else uses).update(re.findall(r"\w+", body))
            if path.endswith(".c") and folder != "tests/model":
                for name in re.findall(r"^(?!static\b)[a-z_][\w *()]*[ *](\w+)\([^;{}]*\)\n\{", body, re.M):
                    defined[name] = path
    for name, path in sorted(defined.items()):
        call = name[4:] if name.startswith("sys_") else name  # the table of system calls has them without
        if uses[name] < 2 and header_uses[name] < 2 and not (call != name and uses[call]):
            yield "%s: nobody calls %s" % (path, name)
    if len(defined) < 500:
        yield "only %d functions found" % len(defined)


def no_segment_is_writable_and_executable():
    """the kernel's load segments are R E, R, or RW"""
    if not os.path.exists("build/thaw.elf"):
        yield "build/thaw.elf is not built"
        return
    out = subprocess.run(["readelf", "-lW", "build/thaw.elf"], stdout=subprocess.PIPE, check=True).stdout.decode()
    flags = [re.search(r"(R?\s?W?\s?E?)\s+0x[0-9a-f]+$", line).group(1).replace(" ", "")
             for line in out.splitlines() if line.strip().startswith("LOAD")]
    if not {"RE", "R", "RW"} <= set(flags):
        yield "segments: %s" % " ".join(flags)
    for f in flags:
        if "W" in f and "E" in f:
            yield "a segment is %s" % f


RULES = [no_if_in_kernel_c, a_call_is_here_or_absent, spdx_everywhere, includes_name_their_path, layers_are_kept, headers_say_once,
         lines_fit, statements_do_something, no_libc_names, every_function_is_called, no_segment_is_writable_and_executable]


if __name__ == "__main__":
    rules.main(RULES)

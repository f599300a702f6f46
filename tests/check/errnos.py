#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/abi/errnos.txt: every call that is promised whole has its errnos there, each with a test that asks for it."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import rules  # noqa: E402

ABI = os.path.join("tests", "abi")
ERRNO = re.compile(r"E[A-Z0-9]+$")
CONSTANTS = "TCOFLUSH TCIOFLUSH TCOON".split()  # named like requests of ioctl, but arguments of one


def text(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def read():
    """The calls that are promised, and the other lines as lists of words."""
    head, _, body = re.sub(r"^#.*\n", "", text(ABI, "errnos.txt"), flags=re.M).partition("\n\n")
    return head.removeprefix("calls:").split(), [line.split(None, 3) for line in body.splitlines() if line.strip()]


def blocks(source):
    """{name: text} of what a C file defines, macros and tables too: what stands between empty lines, from the left edge on."""
    for header in re.findall(r'^#include "(\w+\.h)"', source, re.M):
        source += "\n\n" + text(ABI, header) if header != "t.h" else ""
    found = {}
    for block in re.split(r"\n\n(?=\S)", source):
        test = r"^(?:TEST|HELPER)\w*\((\w+)"
        for names in re.findall(test + r"|^#define (\w+)|^(?!#|//|TEST|HELPER)[\w} *]*?\b(\w+)(?:\[|\(| =)", block, re.M):
            for name in filter(None, names):
                found[name] = found.get(name, "") + block
    return found


def whole(name, parts):
    """The text of a test and of everything in its file that it names, directly or not."""
    todo, seen = [name], {name}
    for name in todo:
        more = {word for word in re.findall(r"\w+", parts[name]) if word in parts} - seen
        seen |= more
        todo += sorted(more)
    return "\n".join(parts[name] for name in todo)


def the_table_of_bad_input(call):
    """The names of the errnos that the rows of a call want."""
    letters = dict(re.findall(r"\{'(\w)', (E\w+)\}", text(ABI, "bad_input.c")))
    rows = re.findall(r'^(?:CALL|FLAGS)\(%s, (?:\w+, )?"[^"]*", "([^"]*)"' % call, text(ABI, "bad_input.def"), re.M)
    return " ".join(letters[c] for c in "".join(rows) if c in letters)


def every_call_has_its_errnos():
    """each call of the list has a line, each line a call of the list, once, and a test or a reason; a call is one that Thaw has"""
    calls, lines = read()
    here = set(re.findall(r"^[A-Z]+\(\d+, (\w+)", text("kernel", "syscalls.def"), re.M))
    seen = set()
    for line in lines:
        key = tuple(line[:2])
        if line[0] not in calls:
            yield "%s is not in the list" % line[0]
        elif line[1:] == ["none"]:
            if [other for other in lines if other[0] == line[0]] != [line]:
                yield "%s has none, and others" % line[0]
        elif not ERRNO.match(line[1]) or len(line) != (4 if line[2:3] == ["-"] else 3):
            yield "not a line: %s" % " ".join(line)
        elif key in seen:
            yield "%s %s is there twice" % key
        seen.add(key)
    for call in calls:
        if call not in here:
            yield "there is no call %s" % call
        if calls.count(call) > 1:
            yield "%s is in the list twice" % call
        if call not in {line[0] for line in lines}:
            yield "%s has no line" % call


def every_test_asks_for_its_errno():
    """the test is there, and it, or what it calls in its own file, has the names of the call and of the errno"""
    files = {}
    for call, errno, test in (line for line in read()[1] if len(line) == 3):
        name, _, part = test.partition(".")
        if name not in files:
            path = os.path.join(ABI, name + ".c")
            files[name] = blocks(text(path)) if os.path.exists(path) else {}
        if part not in files[name] or "TEST(%s)" % part not in files[name][part]:
            yield "%s %s: there is no test %s" % (call, errno, test)
            continue
        said = the_table_of_bad_input(call) + " " + call if name == "bad_input" else whole(part, files[name])
        for word in call, errno:
            if not re.search(r"\b%s\b" % word, said):
                yield "%s %s: %s does not name %s" % (call, errno, test, word)


def every_request_has_its_row():
    """each request of ioctl that the kernel has a number for is in the table that walks over them"""
    numbers = r"^#define (FI[A-Z]+|FS_IOC_\w+|TI?[OC][A-Z0-9]+|BLK\w+|SIOC\w+|TFD_IOC_\w+|NS_GET_\w+|UFFDIO_[A-Z]+|SECCOMP_IOCTL_\w+)\s+(?:0x\w+|[12])$"
    headers = [os.path.join("kernel", "abi.h")] + [os.path.join("kernel", "uapi", n) for n in sorted(os.listdir("kernel/uapi"))]
    rows = set(re.findall(r"^IOCTL(?:_WAITS)?\((\w+)", text(ABI, "bad_ioctl.def"), re.M))
    seen = False
    for path in headers:
        for name in re.findall(numbers, text(path), re.M):
            seen = True
            if name not in rows and name not in CONSTANTS:
                yield "%s: bad_ioctl.def has no row for %s" % (path, name)
    if not seen:
        yield "no request was found"


def every_call_has_a_test():
    """each call of the table is made by a test that is not one of those that give all of them bad arguments"""
    others = ["bad_input.c", "fuzz.c", "hostile.c"]
    tests = "".join(text(ABI, name) for name in sorted(os.listdir(ABI)) if name.endswith((".c", ".h")) and name not in others)
    made = set(re.findall(r"(?:sys\(|__NR_)(\w+)", tests)) | {"rt_sigreturn"}  # every handler ends with that one
    for call in re.findall(r"^SYSCALL\(\d+, (\w+)", text("kernel", "syscalls.def"), re.M):
        if call not in made:
            yield "no test asks what %s does" % call


RULES = [every_call_has_its_errnos, every_test_asks_for_its_errno, every_request_has_its_row, every_call_has_a_test]


if __name__ == "__main__":
    rules.main(RULES)

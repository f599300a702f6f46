#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernel: had by name, refused by name when damaged, booted beside Thaw. One TAP line a rule."""

import atexit
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "tests"))
import debian  # noqa: E402
import linux  # noqa: E402
import qemu  # noqa: E402
import rules  # noqa: E402

WORK = tempfile.mkdtemp()
atexit.register(shutil.rmtree, WORK, ignore_errors=True)


def write(name, data):
    path = os.path.join(WORK, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def vmlinux(note=linux.PVH_NOTE, end=0):
    """The least that passes for a kernel: a segment to load, and a note."""
    notes = struct.pack("<III", 4, 4, note) + b"Xen\0" + struct.pack("<I", 0x1000)
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 176 + end, 176, 4096)
    note = struct.pack("<IIQQQQQQ", 4, 4, 176, 0, 0, len(notes), len(notes), 4)
    return head + load + note + notes


def bzimage(payload, size):
    data = bytearray(0x400)
    data[0x1f1] = 1
    data[0x1fe:0x200] = b"\x55\xaa"
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", data, 0x248, 0, len(payload) + 4)
    return bytes(data) + payload + struct.pack("<I", size)


def package(name, inside):
    tree = os.path.join(WORK, name + ".tree")
    os.makedirs(os.path.join(tree, "DEBIAN"))
    os.makedirs(os.path.join(tree, "boot"))
    with open(os.path.join(tree, "DEBIAN", "control"), "w") as f:
        f.write("Package: linux-image-x\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <n@n>\nDescription: x\n")
    if inside:
        with open(os.path.join(tree, "boot", "vmlinuz-1"), "wb") as f:
            f.write(inside)
    path = os.path.join(WORK, name + ".deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, path], check=True, stdout=subprocess.DEVNULL)
    return path


def refused(path, *wanted):
    try:
        linux.unpack(path)
        yield "%s was accepted" % os.path.basename(path)
    except qemu.Trouble as e:
        for word in (os.path.basename(path),) + wanted:
            if word not in str(e) or "\n" in str(e):
                yield "%s: %s" % (os.path.basename(path), e)


def a_damaged_image_or_package_is_refused_by_name():
    """and a whole one is not"""
    good = vmlinux()
    packed = lzma.compress(good)
    whole = bzimage(packed, len(good))
    for name, data in [("vmlinux", good), ("bzimage", whole)]:
        if linux.unpack(write(name, data)) != good:
            yield "%s is not unpacked" % name
    if linux.unpack(package("good", whole)) != good:
        yield "the package is not unpacked"
    flipped = packed[:60] + bytes([packed[60] ^ 1]) + packed[61:]
    for name, data in [("empty", b""), ("text", b"hello"), ("cut", good[:100]), ("long", vmlinux(end=4096)),
                       ("short-bzimage", whole[:-40]), ("flipped", bzimage(flipped, len(good))),
                       ("wrong-size", bzimage(packed, 5)), ("junk-inside", bzimage(lzma.compress(b"x" * 99), 99)),
                       ("no-package.deb", b"!<arch>\n" + bytes(200))]:
        yield from refused(write(name, data), "damaged")
    yield from refused(write("no-entry", vmlinux(note=1)), "CONFIG_PVH")
    yield from refused(os.path.join(WORK, "nowhere"), "cannot be read")
    yield from refused(package("no-kernel", None), "no package of a kernel")
    with open(package("torn", whole), "r+b") as f:
        f.truncate(os.path.getsize(f.name) // 2)
    yield from refused(os.path.join(WORK, "torn.deb"), "damaged")


def a_damaged_package_of_a_program_is_refused_by_name():
    """one that is torn, and one in which there is something else; and a whole one is not"""
    cache, download = debian.CACHE, debian.download
    debian.CACHE = os.path.join(WORK, "programs")
    whole, torn, other = package("whole", b"x"), package("half", b"x" * 9999), package("other", None)
    with open(torn, "r+b") as f:
        f.truncate(os.path.getsize(torn) // 2)
    try:
        for path in (torn, other, whole):
            debian.download = lambda name, folder: path
            try:
                kept = debian.program("x", "boot/vmlinuz-1")
                if path != whole or not os.path.exists(kept):
                    yield "%s was accepted" % path
            except qemu.Trouble as e:
                if path == whole or "%s is damaged, or has no boot/vmlinuz-1" % os.path.basename(path) not in str(e):
                    yield str(e)
    finally:
        debian.CACHE, debian.download = cache, download


def a_damaged_source_is_refused_by_name():
    """and one that does not build is, by its own; a whole one is built"""
    cache, source = debian.CACHE, debian.source
    debian.CACHE = os.path.join(WORK, "sources")
    os.makedirs(os.path.join(WORK, "x-1"))
    write("x-1/x.c", b"x" * 9999)
    whole, torn = os.path.join(WORK, "x_1.orig.tar.gz"), write("torn.orig.tar.gz", b"")
    subprocess.run(["tar", "-C", WORK, "-czf", whole, "x-1"], check=True)
    with open(whole, "rb") as f:
        write("torn.orig.tar.gz", f.read()[:-40])
    try:
        for path, command, wanted in [(torn, "cp x.c x", "torn.orig.tar.gz is damaged"), (whole, "false", "x does not build"),
                                      (whole, "cp x.c x", None)]:
            debian.source = lambda name, folder: path
            try:
                kept = debian.built("x", command, "x", "x")
                if wanted or not os.path.exists(kept):
                    yield "%s was accepted" % path
            except qemu.Trouble as e:
                if not wanted or wanted not in str(e) or "\n" in str(e):
                    yield str(e)
    finally:
        debian.CACHE, debian.source = cache, source


def what_is_kept_is_checked():
    """a kernel under build/linux that has changed since"""
    cache, linux.CACHE = linux.CACHE, os.path.join(WORK, "kept")
    os.makedirs(linux.CACHE)
    linux.keep(os.path.join(linux.CACHE, "vmlinux"), vmlinux())
    if linux.kernel() != os.path.join(linux.CACHE, "vmlinux"):
        yield "what is kept is not used"
    with open(os.path.join(linux.CACHE, "vmlinux"), "ab") as f:
        f.write(b"x")
    try:
        linux.kernel()
        yield "a damaged file is used"
    except qemu.Trouble as e:
        if "vmlinux is damaged" not in str(e):
            yield str(e)
    linux.CACHE = cache


def another_kernel_is_taken():
    """KERNEL=path, in whatever form it comes"""
    cache, linux.CACHE = linux.CACHE, os.path.join(WORK, "other")
    good = vmlinux()
    # The last is packed in a way that the machine must undo.
    packed = bzimage(b"\x28\xb5\x2f\xfd" + bytes(99), len(good))
    for n, (data, wanted) in enumerate([(good, good), (bzimage(lzma.compress(good), len(good)), good), (packed, packed)]):
        os.environ["KERNEL"] = write("kernel%d" % n, data)
        with open(linux.kernel(), "rb") as f:
            if f.read() != wanted:
                yield "not what was asked for"
    del os.environ["KERNEL"]
    linux.CACHE = cache


def no_registry_is_said_in_one_line():
    """apt has nowhere to ask"""
    cache, linux.CACHE = linux.CACHE, os.path.join(WORK, "none")
    os.environ["APT_CONFIG"] = write("apt.conf", (
        'Dir::Etc::SourceList "/dev/null"; Dir::Etc::SourceParts "/dev/null"; Dir::State::Lists "%s"; Dir::State::Status'
        ' "/dev/null";' % os.path.join(WORK, "none", "lists")).encode())
    try:
        yield "there is a kernel: %s" % linux.kernel()
    except debian.NoRegistry as e:
        if linux.PACKAGE not in str(e) or "KERNEL=" not in str(e) or "\n" in str(e):
            yield str(e)
    finally:
        del os.environ["APT_CONFIG"]
        linux.CACHE = cache


def linux_runs_a_program_and_says_how_it_ended():
    """the same image, the same init, the report on the second line"""
    tests = os.path.join(qemu.BUILD, "tests")
    extra = [("tests/report", os.path.join(tests, "report")), ("tests/pipe", os.path.join(tests, "abi", "pipe"))]
    end = linux.boot(qemu.image(["/tests/report", "@to", "/tests/pipe", "end_of_file"], extra=extra))
    if end.trouble() or end.ending() != ("exit", 0) or "ok 1 - pipe.end_of_file" not in end.report:
        yield "%s; %s; %s" % (end.trouble(), end.report[-3:], end.console[-300:])


RULES = [a_damaged_image_or_package_is_refused_by_name, a_damaged_package_of_a_program_is_refused_by_name,
         a_damaged_source_is_refused_by_name, what_is_kept_is_checked,
         another_kernel_is_taken, no_registry_is_said_in_one_line, linux_runs_a_program_and_says_how_it_ended]


if __name__ == "__main__":
    rules.main(RULES)

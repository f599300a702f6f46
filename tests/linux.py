# SPDX-License-Identifier: GPL-2.0-only
"""The real Linux beside Thaw: gets Debian's kernel, and boots it in the same QEMU with the same image.

The package is downloaded by its name, never installed; what is kept is one file, the uncompressed
kernel, as build/linux/vmlinux. QEMU starts that by its PVH entry, which saves the guest the unpacking.
KERNEL=path takes another Linux: a vmlinux, a bzImage, or a Debian package of one.
"""

import bz2
import fcntl
import gzip
import hashlib
import lzma
import os
import re
import struct
import subprocess
import tarfile

import debian
import qemu
from qemu import Trouble

CACHE = os.path.join(qemu.BUILD, "linux")
PACKAGE = "linux-image-amd64"  # Debian's name for "the current one": it depends on the package wanted
OWN = "Or give the path of a Linux kernel image: KERNEL=path."
LEAST_MEM = 128  # MiB; with less, Linux ends in its own OOM killer before init
# As Debian boots it, mitigations on. What is added makes the boot quick and the same each time.
PARAMETERS = "console=ttyS0 quiet nokaslr panic=-1 rdinit=/sbin/init"
# For who asks what happens, not what it costs: where instructions are counted, half of a boot is the calibration of
# the local APIC's timer and the self-tests of ciphers. The timer is the HPET then.
UNTIMED = "nolapic_timer cryptomgr.notests"
PVH_NOTE = 18  # XEN_ELFNOTE_PHYS32_ENTRY


# ---- a kernel image, from what it comes in ----


def check_vmlinux(name, data):
    """Refuses, by name, what QEMU could not start by PVH; the address of its first instruction."""
    broken = Trouble("%s is damaged: it is not a whole x86-64 kernel." % name)
    if data[:6] != b"\x7fELF\x02\x01" or len(data) < 64 or struct.unpack_from("<H", data, 18)[0] != 62:
        raise broken
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    loads, entry = 0, 0
    for at in range(offset, offset + size * count, size or 1):
        if size < 56 or at + 56 > len(data):
            raise broken
        kind, start, length = struct.unpack_from("<I4xQ16xQ", data, at)
        if start + length > len(data):
            raise broken
        loads += kind == 1
        entry = entry or kind == 4 and pvh_entry(data[start:start + length])
    if not loads:
        raise broken
    if not entry:
        raise Trouble("%s has no PVH entry: build it with CONFIG_PVH=y." % name)
    return entry


def pvh_entry(notes):
    at = 0
    while at + 12 <= len(notes):
        name, desc, kind = struct.unpack_from("<III", notes, at)
        if kind == PVH_NOTE and notes[at + 12:at + 12 + name] == b"Xen\0":
            return int.from_bytes(notes[at + 16:at + 16 + desc], "little")
        at += 12 + (name + 3) // 4 * 4 + (desc + 3) // 4 * 4
    return 0


def unpack_bzimage(name, data):
    """The vmlinux inside, or None when it is packed in a way Python cannot undo."""
    sectors = data[0x1f1] or 4
    start, length = struct.unpack_from("<II", data, 0x248)
    start += (sectors + 1) * 512
    if struct.unpack_from("<H", data, 0x1fe)[0] != 0xaa55 or length < 12 or start + length > len(data):
        raise Trouble("%s is damaged: it is not a whole bzImage." % name)
    # The four bytes after the packed kernel are its length unpacked.
    packed, expected = data[start:start + length - 4], struct.unpack_from("<I", data, start + length - 4)[0]
    ways = {b"\xfd7zXZ\0": lzma.decompress, b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress}
    unpack = [way for magic, way in ways.items() if packed.startswith(magic)]
    if not unpack:
        return None
    try:
        found = unpack[0](packed)
    except (lzma.LZMAError, OSError, EOFError, ValueError) as e:
        raise Trouble("%s is damaged: the kernel in it does not unpack (%s)." % (name, e))
    if unpack[0] is not gzip.decompress and len(found) != expected:
        raise Trouble("%s is damaged: the kernel in it has %d bytes, not %d." % (name, len(found), expected))
    return found


def read_package(name):
    """The bzImage in a Debian package."""
    found = None
    try:
        dpkg = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise Trouble("dpkg-deb is not here to open %s. %s" % (name, OWN))
    with dpkg:
        try:
            with tarfile.open(fileobj=dpkg.stdout, mode="r|") as tar:
                for member in tar:
                    if member.isfile() and re.match(r"(\./)?boot/vmlinuz-", member.name):
                        found = tar.extractfile(member).read()
                        break
        except (tarfile.TarError, OSError):
            pass
        dpkg.kill()  # the modules that follow are of no use to us
    if not found:
        raise Trouble("%s is damaged, or no package of a kernel." % name)
    return found


def unpack(path):
    """A kernel QEMU can start, as bytes, from any of the forms it comes in."""
    name = os.path.relpath(path)
    try:
        with open(path, "rb") as f:
            data = f.read()
    except OSError as e:
        raise Trouble("%s cannot be read (%s)." % (path, e.strerror.lower()))
    if data.startswith(b"!<arch>\n"):
        data = read_package(name)
    if data[0x202:0x206] == b"HdrS" and len(data) > 0x260:
        inside = unpack_bzimage(name, data)
        if inside is None:
            return data  # QEMU starts it as it is; the guest unpacks it
        data = inside
    check_vmlinux(name, data)
    return data


# ---- the package ----


def get_package():
    """The kernel that PACKAGE stands for today."""
    try:
        return debian.download(PACKAGE, CACHE, debian.depends("linux-image-"))
    except debian.NoRegistry as e:
        raise debian.NoRegistry("Debian's kernel: %s %s" % (e, OWN))


def kernel():
    """The path of the Linux to boot: KERNEL=path, or what is kept, or a download."""
    chosen = os.environ.get("KERNEL")
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = os.path.join(CACHE, "vmlinux")
        if chosen:
            kept += "-" + checksum(chosen)[:16]
        if not os.path.exists(kept):
            source = chosen or get_package()
            keep(kept, unpack(source))
            if not chosen:
                os.unlink(source)
        with open(kept + ".sha256") as f:
            if checksum(kept) != f.read():
                raise Trouble("%s is damaged: remove it." % os.path.relpath(kept))
        return kept


def checksum(path):
    try:
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    except OSError as e:
        raise Trouble("%s cannot be read (%s)." % (path, e.strerror.lower()))


def keep(path, data):
    """A file that is there is whole: its checksum first, then its name."""
    with open(path + ".sha256", "w") as f:
        f.write(hashlib.sha256(data).hexdigest())
    with open(path + ".new", "wb") as f:
        f.write(data)
    os.rename(path + ".new", path)


# ---- one boot ----


class LinuxBoot(qemu.Boot):
    """Linux cannot give QEMU a status: it ended well if init said how the program ended."""
    quiet = ""

    def passed(self):
        return self.trouble() is None

    def trouble(self):
        if self.hung:
            return "Linux: no end after %d s: the machine is too slow, or hung" % self.seconds
        if self.status:
            return "Linux: QEMU ended with status %d" % self.status
        panic = re.search(rb"Kernel panic - [^\r\n]*", self.console)
        if panic:
            return "Linux: " + panic.group().decode("ascii", "replace")
        return None if self.ending() else "Linux: init did not say how the program ended"


def boot(img, words="", cpus=1, mem=LEAST_MEM, icount=False, console=None, limit=120, extra=()):
    """Boots Linux once, as qemu.boot() boots Thaw. `words` are more kernel parameters."""
    return qemu.boot(img, PARAMETERS + " " + words, cpus, max(mem, LEAST_MEM), icount, console, limit=limit,
                     kernel=kernel(), kind=LinuxBoot, extra=extra)

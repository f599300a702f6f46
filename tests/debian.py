# SPDX-License-Identifier: GPL-2.0-only
"""Debian's packages, had by name and opened, never installed. What is taken from them stays in build/.

The machine's own package lists serve; if they are missing or old, lists of our own, in the same
folder, so that nothing needs root.
"""

import fcntl
import os
import re
import shutil
import subprocess

import qemu
from qemu import Trouble

CACHE = os.path.join(qemu.BUILD, "debian")


class NoRegistry(Trouble):
    """The package cannot be had."""


def apt(folder, *words):
    """(status, what apt said)"""
    try:
        done = subprocess.run(list(words), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300)
        return done.returncode, done.stdout.decode("utf-8", "replace")
    except FileNotFoundError:
        raise NoRegistry("%s is not here to get a package with." % words[0])
    except subprocess.TimeoutExpired:
        return 1, "E: no answer after 300 s"


def itself(package, folder, options):
    return package, ""


def depends(prefix):
    """For a package that only stands for another, whose name begins with @prefix."""
    def resolve(package, folder, options):
        status, text = apt(folder, "apt-cache", *options, "depends", "--important", package)
        names = re.findall(r"Depends: (%s\S+)" % prefix, text)
        return (names[0] if not status and names else None), text or "E: no package %s" % package
    return resolve


def attempt(package, folder, resolve, options):
    """The package's file, or what apt said instead: (path, text)."""
    name, text = resolve(package, folder, options)
    if not name:
        return None, text
    status, text = apt(folder, "apt-get", *options, "download", name)
    found = [n for n in os.listdir(folder) if n.startswith(name + "_") and n.endswith(".deb")]
    return (os.path.join(folder, found[0]) if not status and found else None), text


def download(package, folder, resolve=itself):
    """The path of the package's file, in @folder."""
    path, text = attempt(package, folder, resolve, [])
    if path:
        return path
    lists = os.path.join(folder, "lists")
    os.makedirs(os.path.join(lists, "partial"), exist_ok=True)
    own = ["-o", "Dir::State::Lists=" + lists, "-o", "Dir::Cache=" + folder, "-o", "Debug::NoLocking=1"]
    apt(folder, "apt-get", *own, "update")
    path, text = attempt(package, folder, resolve, own)
    if path:
        return path
    why = [line for line in text.splitlines() if line.startswith("E:")] or ["no answer"]
    raise NoRegistry("package %s cannot be downloaded (%s)." % (package, why[0][2:].strip()))


def source(package, folder):
    """The path of the package's source as its authors gave it out, in @folder. The machine's own lists rarely name sources."""
    lists = os.path.join(folder, "source-lists")
    os.makedirs(os.path.join(lists, "partial"), exist_ok=True)
    name, = re.findall(r"^VERSION_CODENAME=(\w+)", open("/etc/os-release").read(), re.M) or ["stable"]
    where = os.path.join(folder, "source.list")
    with open(where, "w") as f:
        f.write("deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian %s main\n" % name)
    own = ["-o", "Dir::State::Lists=" + lists, "-o", "Dir::Cache=" + folder, "-o", "Debug::NoLocking=1",
           "-o", "Dir::Etc::SourceList=" + where, "-o", "Dir::Etc::SourceParts=/dev/null"]
    status, text = apt(folder, "apt-get", *own, "update")
    if not status:
        status, text = apt(folder, "apt-get", *own, "source", "--download-only", package)
    found = [n for n in os.listdir(folder) if re.match(re.escape(package) + r"_.*\.orig\.tar\.\w+$", n)]
    if status or not found:
        why = [line for line in text.splitlines() if line.startswith("E:")] or ["no answer"]
        raise NoRegistry("the source of %s cannot be downloaded (%s)." % (package, why[0][2:].strip()))
    return os.path.join(folder, found[0])


def built(package, command, inside, name):
    """The path of a program that @command makes at @inside of the package's source; built the first time, kept as @name."""
    os.makedirs(CACHE, exist_ok=True)
    kept = os.path.join(CACHE, name + "-built")
    with open(os.path.join(CACHE, name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(kept):
            tree, log = os.path.join(CACHE, name + "-source"), os.path.join(CACHE, name + ".log")
            shutil.rmtree(tree, ignore_errors=True)
            os.makedirs(tree)
            archive = source(package, tree)
            done = subprocess.run(["tar", "-x", "--strip-components=1", "-f", archive, "-C", tree], stderr=subprocess.DEVNULL)
            if done.returncode:
                raise Trouble("%s is damaged: it does not unpack." % os.path.relpath(archive))
            with open(log, "wb") as out:  # with the compiler @command names, whatever our own make was told: CC=clang
                done = subprocess.run(command, shell=True, cwd=tree, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                      env=dict(os.environ, MAKEFLAGS=""))
            if done.returncode or not os.path.exists(os.path.join(tree, inside)):
                raise Trouble("%s does not build: %s." % (name, os.path.relpath(log)))
            os.rename(os.path.join(tree, inside), kept)
            shutil.rmtree(tree)
    return kept


def program(package, inside):
    """The path of a program that @package has at @inside; downloaded the first time."""
    os.makedirs(CACHE, exist_ok=True)
    kept = os.path.join(CACHE, os.path.basename(inside))
    with open(os.path.join(CACHE, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(kept):
            found = download(package, CACHE)
            opened = os.path.join(CACHE, "tree")
            shutil.rmtree(opened, ignore_errors=True)
            done = subprocess.run(["dpkg-deb", "-x", found, opened], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode or not os.path.exists(os.path.join(opened, inside)):
                raise Trouble("%s is damaged, or has no %s." % (os.path.relpath(found), inside))
            os.unlink(found)
            os.rename(os.path.join(opened, inside), kept)
            shutil.rmtree(opened)
    return kept

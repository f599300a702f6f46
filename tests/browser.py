#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Opens the page of designs in a headless Chromium, clicks a failing cell and looks at its lanes: `make browser`.

Chromium is Debian's package, which is installed if it is not here; playwright-core, which steers it, is npm's and stays in
build/browser. Where a registry cannot be reached, the test is skipped in a line that says so.
"""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import qemu  # noqa: E402

FOLDER = os.path.join(qemu.BUILD, "browser")
PAGE = os.path.join(qemu.BUILD, "designs.html")
CELL = "rfc: victims.leader_first"


class Skip(Exception):
    """It cannot be had; the text says what."""


def install(package):
    """Debian's package, as root or by a sudo that does not ask."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get"):
        raise Skip("%s is not here, and there is no apt-get" % package)
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for words in (["install", "-y", "--no-install-recommends", package], ["update"], ["install", "-y", "--no-install-recommends", package]):
        done = subprocess.run(sudo + ["apt-get", "-qq"] + words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode == 0 and words[0] == "install":
            return
    last = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
    raise Skip("%s cannot be installed (%s)" % (package, "".join(last)))


def program(name):
    if not shutil.which(name):
        print("Installing: %s" % name, flush=True)
        install(name)
    return shutil.which(name)


def playwright(npm):
    if os.path.exists(os.path.join(FOLDER, "node_modules", "playwright-core")):
        return
    os.makedirs(FOLDER, exist_ok=True)
    done = subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", FOLDER, "playwright-core"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Skip("npm's playwright-core cannot be installed")


def main():
    if not os.path.exists(PAGE) or CELL not in open(PAGE, encoding="utf-8").read():
        subprocess.run([sys.executable, "tests/designs.py", "late_live,rfc", "single_reaped,leader_first"], cwd=qemu.ROOT, check=True)
    try:
        chromium = program("chromium")
        npm = program("npm")
        playwright(npm)
    except Skip as why:
        print("browser: skipped: %s." % why)
        return 0
    env = dict(os.environ, NODE_PATH=os.path.join(FOLDER, "node_modules"))
    return subprocess.call(["node", os.path.join(qemu.ROOT, "tests", "browser.js"), PAGE, chromium, CELL], env=env)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-2.0-only
# Thaw: `make help` lists what there is to say.

ARCH ?= x86_64
ifeq ($(origin CC),default)
CC := gcc
endif
CPUS ?= 1
MEM ?= 64

# Without these there is nothing to say but this; build/ stays as it is.
ifneq ($(filter-out help doctor deps clean demo test,$(or $(MAKECMDGOALS),all)),)
lacks = $(if $(shell command -v $(1) 2>/dev/null),,$(2))
LACKING := $(strip $(call lacks,$(firstword $(CC)),$(if $(findstring clang,$(CC)),clang,gcc)) \
	$(call lacks,$(LD),binutils) $(call lacks,python3,python3) $(call lacks,awk,mawk))
ifneq ($(LACKING),)
$(error Not installed: $(LACKING). `make deps` installs what is missing, or sudo apt-get install -y \
	--no-install-recommends $(LACKING))
endif
endif

# Use every processor unless told otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

ifeq ($(V),1)
Q :=
say :=
else
Q := @
say = @printf '  %-8s %s\n' $(1) $(2)
MAKEFLAGS += --no-print-directory
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

O := build
KO := $(O)/$(ARCH)$(if $(SAN),-san)

# ---- flags ----

WARN := -Wall -Wextra
LDWARN :=
ifeq ($(CI),true)
WARN += -Werror
LDWARN += --fatal-warnings
endif

# The kernel sees no libc header: only what the compiler itself brings.
FREESTANDING := -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include 2>/dev/null)
KCFLAGS = -std=gnu11 -O2 -g $(WARN) $(FREESTANDING) -I. -Iarch/$(ARCH) \
	-fno-strict-aliasing -fno-common -ffunction-sections -fdata-sections

# Each of these adds to what is above: the machine's flags, and how the programs are built.
-include arch/$(ARCH)/arch.mk
ifneq ($(ARCH),host)
-include user/user.mk
endif

# A file that changes when the compiler or its flags do; objects depend on it.
CC_VERSION := $(shell $(CC) --version 2>/dev/null | head -n 1)
FLAGS_NOW := $(CC_VERSION) $(KCFLAGS) $(CFLAGS_ARCH) $(LDFLAGS_ARCH) $(LDWARN)
FLAGS := $(KO)/flags
$(FLAGS): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_NOW)' >$@

# ---- the kernel ----

KSRC_C := $(wildcard kernel/*.c kernel/*/*.c) $(filter-out arch/host/os_%,$(wildcard arch/$(ARCH)/*.c))
KSRC_S := $(wildcard arch/$(ARCH)/*.S)
KOBJ := $(KSRC_C:%.c=$(KO)/%.o) $(KSRC_S:%.S=$(KO)/%.S.o)

$(KO)/%.o: %.c $(FLAGS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KCFLAGS) $(CFLAGS_ARCH) $(CFLAGS_$(notdir $*)) -MMD -MP -c -o $@ $<

$(KO)/%.S.o: %.S $(FLAGS)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KCFLAGS) $(CFLAGS_ARCH) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

ifeq ($(ARCH),x86_64)
# arch.mk may make the image in more steps (symbols); then it defines KERNEL_RULE.
ifndef KERNEL_RULE
$(O)/thaw.elf: $(KOBJ) linker.ld
	$(call say,LD,$@)
	$(Q)$(LD) -nostdlib -static -no-pie -z max-page-size=4096 -z noexecstack --build-id=none \
		--gc-sections $(LDWARN) $(LDFLAGS_ARCH) -T linker.ld -o $@ $(KOBJ)
endif
endif

ifeq ($(ARCH),host)
# arch/host/os_*.c is the only place that sees libc.
OSSRC := $(wildcard arch/host/os_*.c)
OSOBJ := $(OSSRC:%.c=$(KO)/%.o)
OSCFLAGS = -std=gnu11 -O2 -g $(WARN) -D_GNU_SOURCE -I. -Iarch/host
$(OSOBJ): $(KO)/%.o: %.c $(FLAGS)
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OSCFLAGS) $(CFLAGS_OS) -MMD -MP -c -o $@ $<

$(KO)/thaw-host: $(KOBJ) $(OSOBJ)
	$(call say,HOSTLD,$@)
	$(Q)$(CC) -g $(LDFLAGS_ARCH) -o $@ $(KOBJ) $(OSOBJ) $(LDLIBS_ARCH)
endif

-include $(shell find $(KO) -name '*.d' 2>/dev/null)

# ---- tests' programs ----

# Test programs speak to the kernel in system calls alone, through Linux's own public headers, so
# that nothing stands between the test and the ABI, and the same file runs on Linux.
TCFLAGS = -std=gnu11 -O2 -g $(WARN) -ffreestanding -fno-stack-protector -fno-pic -fno-pie -static \
	-nostdlib -fno-strict-aliasing -fno-builtin -fcf-protection=none -Itests/abi
TEST_BIN := $(patsubst tests/%.c,$(O)/tests/%,$(filter-out %/rt.c,$(wildcard tests/*.c tests/abi/*.c tests/scenes/*.c)))

TFLAGS_NOW := $(CC_VERSION) $(TCFLAGS)
$(O)/tests/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(TFLAGS_NOW)' | cmp -s - $@ || printf '%s\n' '$(TFLAGS_NOW)' >$@

$(O)/tests/rt.o: tests/abi/rt.c $(O)/tests/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(TCFLAGS) -MMD -MP -MF $(O)/tests/rt.d -c -o $@ $<

$(TEST_BIN): $(O)/tests/%: tests/%.c $(O)/tests/rt.o $(O)/tests/flags
	$(call say,TESTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TCFLAGS) -MMD -MP -MF $@.d -MT $@ -c -o $@.o $<
	$(Q)$(CC) $(TCFLAGS) -Wl,--build-id=none -Wl,-z,noexecstack -o $@ $@.o $(O)/tests/rt.o

-include $(wildcard $(O)/tests/*.d $(O)/tests/*/*.d)

# ---- the benchmark: a program of the same kind, and a smaller one for it to execute ----

BENCH_OBJ := $(patsubst user/bench/%.c,$(O)/bench/%.o,$(filter-out %/tiny.c,$(wildcard user/bench/*.c)))
BENCH := $(O)/bench/bench $(O)/bench/tiny $(O)/bench/profile.so

$(O)/bench/%.o: user/bench/%.c $(O)/tests/flags
	$(call say,BENCHCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TCFLAGS) -I. -MMD -MP -c -o $@ $<

# No other program has code at these addresses, so that the profiler takes none for it.
$(O)/bench/bench: $(BENCH_OBJ) $(O)/tests/rt.o
	$(Q)$(CC) $(TCFLAGS) -Wl,--build-id=none,-z,noexecstack,-Ttext-segment=0x10000000 -o $@ $^

$(O)/bench/tiny: $(O)/bench/tiny.o
	$(Q)$(CC) $(TCFLAGS) -Wl,--build-id=none,-z,noexecstack -o $@ $^

# QEMU loads it.
$(O)/bench/profile.so: tests/bench/profile.c $(O)/tests/flags
	$(call say,HOSTCC,$<)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -fPIC -shared -o $@ $<

-include $(wildcard $(O)/bench/*.d)

# ---- what a user says ----

.PHONY: all help demo test run oracle bench growth profile trace designs browser gdb iso run-iso doctor host host-san tests deps clean FORCE
FORCE:

all: $(O)/thaw.elf $(USER_PROGS)

tests: $(TEST_BIN) $(USER_TESTS) $(BENCH)

host:
	$(Q)$(MAKE) ARCH=host $(O)/host/thaw-host

host-san:
	$(Q)$(MAKE) ARCH=host SAN=1 $(O)/host-san/thaw-host

help:
	@sed -n 's/^#: //p' $(firstword $(MAKEFILE_LIST))

doctor:
	@tests/doctor

deps:
	@tests/doctor --install

# Unexpanded, so that a dollar in ARGS reaches the program as the user typed it.
export THAW_PROG := $(value PROG)
export THAW_ARGS := $(value ARGS)
export THAW_WORDS := $(value WORDS)
export THAW_ROW := $(value ROW)
export CPUS MEM CC CI

demo: deps
	$(Q)$(MAKE) all
	@python3 tests/qemu.py demo

test: deps
	$(Q)$(MAKE) all tests host host-san
	@python3 tests/run.py

# What the user asked for is looked at first: a refusal must not wait for a build.
run:
	@python3 tests/qemu.py check
	$(Q)$(MAKE) all
	@python3 tests/qemu.py run

oracle:
	@python3 tests/oracle.py check
	$(Q)$(MAKE) all tests
	@python3 tests/oracle.py

bench: all $(BENCH) $(O)/tests/report
	@python3 tests/bench.py --linux $$THAW_ROW

growth: all $(BENCH) $(O)/tests/report
	@python3 tests/growth.py

profile:
	@python3 tests/profile.py check
	$(Q)$(MAKE) all $(BENCH)
	@python3 tests/profile.py

trace:
	@python3 tests/qemu.py check
	$(Q)$(MAKE) all
	@python3 tests/trace.py

designs:
	$(Q)$(MAKE) all tests
	@tests/designs.py

browser: all tests
	@python3 tests/browser.py

gdb:
	@python3 tests/qemu.py check gdb
	$(Q)$(MAKE) all
	@python3 tests/qemu.py gdb

iso:
	@python3 tests/qemu.py check-iso
	$(Q)$(MAKE) all
	@python3 tests/qemu.py iso $(O)/thaw.iso

run-iso:
	@python3 tests/qemu.py check
	$(Q)$(MAKE) iso
	@python3 tests/qemu.py run-iso $(O)/thaw.iso

clean:
	rm -rf $(O)

#: make demo     boot the scene the kernel is about, once per accounting design, and print a table
#: make test     run everything that proves it; the last line is "N passed, N failed"
#: make run      a shell prompt; exit, or ^D, powers the machine off
#:               PROG=path     run this static x86-64 Linux program instead, then power off
#:               ARGS="a 'b c'"  its arguments, split as a shell splits them
#:               CPUS=4 MEM=64   processors, and memory in MiB
#:               WORDS="oom=late_live loglevel=3"   boot words
#: make oracle   the tests of tests/abi here and on Debian's Linux: a table of where they differ;
#:               PROG=path ARGS=... what this program says on each, side by side; KERNEL=path another Linux
#: make bench    what things cost here and on Linux, in instructions: a table, build/bench.json and
#:               build/bench.svg; ROW="fork thread" those rows; KERNEL=path another Linux than Debian's
#: make growth   how costs grow with processes, threads, memory and CPUs, with the exponents
#: make profile  ROW=fork, a row of the benchmark, or PROG=path and ARGS as above: where the
#:               kernel's instructions go, as a table and as a flame graph in build/profile/
#: make trace PROG=...   run it, and draw what every thread did: build/trace.html, .txt (ftrace), .json (Perfetto)
#: make designs  every accounting design against every scenario: a table, and build/designs.html
#: make browser  opens that page in a headless Chromium, which it installs, and clicks a cell
#: make gdb      boot under gdb, stopped at the 64-bit entry
#: make iso      build/thaw.iso, a GRUB CD; make run-iso boots it; PROG, ARGS and WORDS go onto it
#: make host     build/host/thaw-host, the kernel as an ordinary process
#:               (host-san: the same under AddressSanitizer and UndefinedBehaviorSanitizer)
#: make doctor   check that the tools are here, and say what to install
#: make deps     install what is missing (apt)
#: make clean    remove build/
#: CC=clang selects the compiler, V=1 shows the commands, CI=true makes warnings fatal.

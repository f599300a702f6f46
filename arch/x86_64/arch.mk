# SPDX-License-Identifier: GPL-2.0-only
# How the kernel is compiled and linked for a PC. Two links: the first one's functions become the second one's symbol table.

# Code at -2 GiB, no red zone (interrupts come on the same stack), no FPU registers, frame pointers where calls are made, and a
# stack canary in a global variable. Stacks keep 8-byte alignment only: entry code need not pad. No frame
# takes more than an eighth of a kernel stack.
CFLAGS_ARCH := -fno-pic -fno-pie -mno-red-zone -mcmodel=kernel -mgeneral-regs-only -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer -momit-leaf-frame-pointer \
	-fstack-protector-strong -mstack-protector-guard=global -Wframe-larger-than=1024
ifneq ($(findstring clang,$(shell $(CC) --version 2>/dev/null | head -n 1)),)
CFLAGS_ARCH += -mstack-alignment=8
else
CFLAGS_ARCH += -mpreferred-stack-boundary=3
endif

KERNEL_RULE := 1
LINK = $(LD) -nostdlib -static -no-pie -z max-page-size=4096 -z noexecstack --build-id=none --gc-sections \
	$(LDWARN) $(LDFLAGS_ARCH) -T linker.ld
KSYMS := arch/$(ARCH)/ksyms.awk

# KOBJ is set later in the Makefile.
.SECONDEXPANSION:
$(O)/thaw.elf: $$(KOBJ) linker.ld $(KSYMS)
	$(call say,LD,$@)
	$(Q)awk -f $(KSYMS) </dev/null >$(KO)/ksyms0.S && $(CC) -c -o $(KO)/ksyms0.o $(KO)/ksyms0.S
	$(Q)$(LINK) -o $(KO)/thaw.first $(KOBJ) $(KO)/ksyms0.o
	$(Q)nm -n $(KO)/thaw.first | awk -f $(KSYMS) >$(KO)/ksyms.S && $(CC) -c -o $(KO)/ksyms.o $(KO)/ksyms.S
	$(Q)$(LINK) -o $@ $(KOBJ) $(KO)/ksyms.o
	$(Q)nm -n $@ | awk -f $(KSYMS) | cmp -s - $(KO)/ksyms.S || \
		{ echo "thaw.elf: the symbol table does not match the image" >&2; rm -f $@; exit 1; }

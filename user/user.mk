# SPDX-License-Identifier: GPL-2.0-only
# The programs: newlib, our library over it, and one static executable for each bin/*.c
# and for each folder that has a main.c, as sh/.
#
# Included by the top Makefile, which brings CC, WARN, Q and say.  It gives back
#   USER_PROGS   build/user/bin/NAME for each user/bin/NAME.c and user/NAME/main.c; with symbols:
#                build/user/obj/NAME
#   USER_TESTS   build/tests/posix/NAME for each tests/posix/NAME.c
#   USER_CC      compiles a program's source:  $(USER_CC) -c -o x.o x.c
#   USER_LINK    links a program:              $(USER_LINK) -o x x.o $(USER_LIBS)
# To build a program of your own the same way, make it depend on $(USER_DEPS) and do both steps.

U := build/user
NEWLIB := $(shell user/build-newlib.sh -n)
USER_INCLUDE := $(patsubst %,-isystem %,user/include user/newlib $(NEWLIB)/include \
	$(shell $(CC) -print-file-name=include 2>/dev/null))
LIBGCC := $(shell gcc -print-libgcc-file-name 2>/dev/null)

USER_CC = $(CC) -std=gnu11 -O2 -g $(WARN) -fno-stack-protector -fno-pic -fno-pie \
	-fcf-protection=none -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections \
	-fno-strict-aliasing -nostdinc $(USER_INCLUDE) -I.
USER_LINK = $(CC) -nostdlib -static -Wl,--gc-sections,--build-id=none,-z,noexecstack \
	$(U)/crt0.o
USER_LIBS = -Wl,--start-group $(U)/libthaw.a $(NEWLIB)/lib/libc.a $(NEWLIB)/lib/libm.a \
	$(LIBGCC) -Wl,--end-group
USER_DEPS = $(U)/crt0.o $(U)/libthaw.a

USER_FOLDERS := $(patsubst user/%/main.c,%,$(wildcard user/*/main.c))
USER_PROGS := $(patsubst user/bin/%.c,$(U)/bin/%,$(wildcard user/bin/*.c)) $(USER_FOLDERS:%=$(U)/bin/%)
USER_TESTS := $(patsubst tests/posix/%.c,build/tests/posix/%,$(wildcard tests/posix/*.c))

USER_LIB_OBJ := $(patsubst user/lib/%.c,$(U)/lib/%.o,$(wildcard user/lib/*.c)) $(U)/lib/clone.S.o

$(NEWLIB)/lib/libc.a:
	$(call say,NEWLIB,$(NEWLIB))
	$(Q)user/build-newlib.sh >/dev/null

# What is not said in a dependency file: compiler and flags.
$(U)/flags: FORCE
	@mkdir -p $(U)
	@echo '$(shell $(CC) --version 2>/dev/null | head -n 1) $(USER_CC) $(USER_LINK)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(U)/lib/%.o: user/lib/%.c $(NEWLIB)/lib/libc.a $(U)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(USER_CC) -MMD -MP -c -o $@ $<

$(U)/lib/%.S.o: user/lib/%.S $(NEWLIB)/lib/libc.a $(U)/flags
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(USER_CC) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

$(U)/crt0.o: user/lib/crt0.S $(U)/flags
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(USER_CC) -D__ASSEMBLER__ -c -o $@ $<

$(U)/libthaw.a: $(USER_LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $(USER_LIB_OBJ)

$(U)/bin/%: user/bin/%.c $(USER_DEPS) $(U)/flags
	$(call say,USERCC,$<)
	@mkdir -p $(@D) $(U)/obj
	$(Q)$(USER_CC) -MMD -MP -MF $(U)/obj/$*.d -MT $@ -c -o $(U)/obj/$*.o $<
	$(Q)$(USER_LINK) -o $(U)/obj/$* $(U)/obj/$*.o $(USER_LIBS)
	$(Q)strip -o $@ $(U)/obj/$*

# A program of several files: its objects are in build/user/NAME.
define USER_FOLDER_RULES
$(U)/$(1)/%.o: user/$(1)/%.c $(NEWLIB)/lib/libc.a $(U)/flags
	$$(call say,USERCC,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(USER_CC) -MMD -MP -c -o $$@ $$<

$(U)/bin/$(1): $(patsubst user/%.c,$(U)/%.o,$(wildcard user/$(1)/*.c)) $(USER_DEPS)
	$$(call say,USERLD,$$@)
	@mkdir -p $$(@D) $(U)/obj
	$(Q)$$(USER_LINK) -o $(U)/obj/$(1) $$(filter %.o,$$(filter-out $(U)/crt0.o,$$^)) $$(USER_LIBS)
	$(Q)strip -o $$@ $(U)/obj/$(1)
endef
$(foreach f,$(USER_FOLDERS),$(eval $(call USER_FOLDER_RULES,$(f))))

build/tests/posix/%: tests/posix/%.c $(USER_DEPS) $(U)/flags
	$(call say,TESTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(USER_CC) -MMD -MP -MF $@.d -MT $@ -c -o $@.o $<
	$(Q)$(USER_LINK) -o $@ $@.o $(USER_LIBS)

-include $(wildcard $(U)/lib/*.d $(U)/obj/*.d $(USER_FOLDERS:%=$(U)/%/*.d) build/tests/posix/*.d)

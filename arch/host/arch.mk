# SPDX-License-Identifier: GPL-2.0-only
# The kernel as an ordinary process. SAN=1 builds it with AddressSanitizer and UndefinedBehaviorSanitizer.

CFLAGS_ARCH := -fPIE -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-builtin -fno-stack-protector
LDFLAGS_ARCH := -pie
LDLIBS_ARCH :=
ifeq ($(SAN),1)
HOST_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
# A system-call handler is called through one common type; user structures are copied wherever they lie.
CFLAGS_ARCH += $(HOST_SAN) -fno-sanitize=alignment $(if $(findstring clang,$(CC)),-fno-sanitize=function)
CFLAGS_OS += $(HOST_SAN)
LDFLAGS_ARCH += $(HOST_SAN)
endif

# Scenarios are compiled as kernel code and linked in.
MODEL_SRC := $(wildcard tests/model/*.c)
MODEL_OBJ := $(MODEL_SRC:%.c=$(KO)/%.o)
LDLIBS_ARCH += $(MODEL_OBJ)
$(KO)/thaw-host: $(MODEL_OBJ)

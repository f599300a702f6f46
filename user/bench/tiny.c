// SPDX-License-Identifier: GPL-2.0-only
//
// The smallest program: it ends. What the benchmark executes.
#include <asm/unistd.h>

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %edi, %edi\n"
	"	mov $60, %eax\n"
	"	syscall\n");

char tiny_data = __NR_exit == 60; // a writable segment, as every program has

// SPDX-License-Identifier: GPL-2.0-only
/* Classic BPF programs. Linux's names and values (linux/filter.h, linux/bpf_common.h). */
#pragma once
#include <stdint.h>

struct k_sock_filter {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct k_sock_fprog {
	uint16_t len;
	uint16_t pad[3];
	uint64_t filter;
};

#define BPF_MAXINSNS	4096
#define BPF_MEMWORDS	16

/* code: the class, and what each class makes of the rest */
#define BPF_LD		0x00
#define BPF_LDX		0x01
#define BPF_ST		0x02
#define BPF_STX		0x03
#define BPF_ALU		0x04
#define BPF_JMP		0x05
#define BPF_RET		0x06
#define BPF_MISC	0x07

#define BPF_W		0x00
#define BPF_IMM		0x00
#define BPF_ABS		0x20
#define BPF_MEM		0x60
#define BPF_LEN		0x80

#define BPF_ADD		0x00
#define BPF_SUB		0x10
#define BPF_MUL		0x20
#define BPF_DIV		0x30
#define BPF_OR		0x40
#define BPF_AND		0x50
#define BPF_LSH		0x60
#define BPF_RSH		0x70
#define BPF_NEG		0x80
#define BPF_XOR		0xa0

#define BPF_JA		0x00
#define BPF_JEQ		0x10
#define BPF_JGT		0x20
#define BPF_JGE		0x30
#define BPF_JSET	0x40

#define BPF_K		0x00
#define BPF_X		0x08
#define BPF_A		0x10

#define BPF_TAX		0x00
#define BPF_TXA		0x80

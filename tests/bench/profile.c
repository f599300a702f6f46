// SPDX-License-Identifier: GPL-2.0-only
//
// A plugin for QEMU's translator: counts the instructions of each function of the kernel, and by whom
// it was called. tests/profile.py starts it and
// draws the picture.
//
//	-plugin profile.so,symbols=FILE,out=FILE,on=ADDRESS,off=ADDRESS
//
// symbols: lines `hex-address number`, sorted; the number stands for the function's name. Counting
// begins when the instruction at `on` is executed and pauses at `off`; both in hex.
// out: lines `node NUMBER PARENT FUNCTION COUNT`, a tree of calls with node 0 its root, and
// `insn ADDRESS COUNT`.
//
// The tree is followed by what calls and returns do to memory. A call stores its return address at
// some place of some kernel stack; the return loads it from there. So a place names its frame, and a
// switch to another stack needs no special care: the return after it loads from that stack. Frames
// below a new call's place are over. A jump to another function takes the place of its caller, as
// does an interrupt's entry, which gives it back when it goes on in the function it came from.
//
// Debian has the plugin interface but not its header: what is used of it is declared here.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
	void (*cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
	void (*cb)(unsigned cpu, void *arg), enum qemu_plugin_cb_flags flags, void *arg);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
	void (*cb)(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *arg),
	enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw, void *arg);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t id, void *arg),
	void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
EXPORT int qemu_plugin_version = 1;

#define USER 0	    // the function number of everything below the kernel's half
#define MAX_CPUS 16
#define STACK_BITS 14 // kernel stacks are this large, and aligned
#define STACKS 65536
#define DEPTH 512

static struct symbol {
	uint64_t address;
	unsigned function;
} *symbols;
static size_t nr_symbols;

struct node { // of the tree of calls
	struct node *parent, *child, *sibling;
	unsigned function, number;
	uint64_t count;
};
static struct node root = {.parent = &root, .function = -1u};
static unsigned nr_nodes = 1;

static struct insn { // one translation of an instruction
	struct insn *next;
	uint64_t address, count;
	unsigned function;
} *insns;

static struct stack {
	uint64_t id;
	unsigned depth;
	struct frame {
		uint64_t place;
		struct node *caller;
	} *frames;
} stacks[STACKS];

static struct cpu {
	struct node *at;
	struct insn *now;
	enum { NOTHING, CALLED, RETURNED } last;
	uint64_t place;
} cpus[MAX_CPUS];

static bool counting;
static const char *out_path;
static uint64_t on_address, off_address;

static struct node *child(struct node *parent, unsigned function)
{
	struct node *n;

	for (n = parent->child; n; n = n->sibling)
		if (n->function == function)
			return n;
	n = calloc(1, sizeof *n);
	n->parent = parent;
	n->function = function;
	n->number = nr_nodes++;
	n->sibling = parent->child;
	parent->child = n;
	return n;
}

static struct stack *stack_of(uint64_t place)
{
	uint64_t id = place >> STACK_BITS;
	struct stack *s = &stacks[id % STACKS];

	while (s->frames && s->id != id)
		s = s == stacks + STACKS - 1 ? stacks : s + 1;
	if (!s->frames)
		s->frames = calloc(DEPTH, sizeof *s->frames);
	s->id = id;
	return s;
}

static void push(struct node *caller, uint64_t place)
{
	struct stack *s = stack_of(place);

	while (s->depth && s->frames[s->depth - 1].place <= place)
		s->depth--;
	if (s->depth < DEPTH)
		s->frames[s->depth++] = (struct frame){place, caller};
}

// Who called the frame at that place, or the root.
static struct node *pop(uint64_t place)
{
	struct stack *s = stack_of(place);

	while (s->depth && s->frames[s->depth - 1].place < place)
		s->depth--;
	if (!s->depth || s->frames[s->depth - 1].place != place)
		return &root;
	return s->frames[--s->depth].caller;
}

// QEMU goes on with these two for the accesses of later instructions that are not simple loads and
// stores, a fault of its own: they look whether it is their instruction that is being executed.
static void on_call(unsigned n, qemu_plugin_meminfo_t info, uint64_t place, void *insn)
{
	if (cpus[n].now != insn || !qemu_plugin_mem_is_store(info))
		return;
	cpus[n].last = CALLED;
	cpus[n].place = place;
}

static void on_return(unsigned n, qemu_plugin_meminfo_t info, uint64_t place, void *insn)
{
	(void)info;
	if (cpus[n].now != insn)
		return;
	cpus[n].last = RETURNED;
	cpus[n].at = pop(place);
}

static void on_instruction(unsigned n, void *arg)
{
	struct cpu *c = &cpus[n];
	struct insn *i = arg;
	unsigned f = i->function;

	if (!c->at)
		c->at = &root;
	if (c->last == CALLED && f != USER) {
		push(c->at, c->place);
		c->at = child(c->at, f);
	} else if (c->at->function != f) {
		bool lost = f == USER || c->last == RETURNED;

		c->at = child(lost ? &root : c->at->parent, f);
	}
	c->last = NOTHING;
	c->now = i;
	if (i->address == on_address)
		counting = true;
	if (i->address == off_address)
		counting = false;
	if (counting) {
		c->at->count++;
		i->count++;
	}
}

static unsigned function_of(uint64_t address)
{
	size_t low = 0, high = nr_symbols;

	if (!(address >> 63))
		return USER;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return symbols[low].function;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t n = 0; n < qemu_plugin_tb_n_insns(tb); n++) {
		struct qemu_plugin_insn *q = qemu_plugin_tb_get_insn(tb, n);
		const uint8_t *code = qemu_plugin_insn_data(q);
		struct insn *i = calloc(1, sizeof *i);

		i->address = qemu_plugin_insn_vaddr(q);
		i->function = function_of(i->address);
		i->next = insns;
		insns = i;
		qemu_plugin_register_vcpu_insn_exec_cb(q, on_instruction, QEMU_PLUGIN_CB_NO_REGS, i);
		if (i->function == USER)
			continue;
		const uint8_t *op = code + ((code[0] & 0xf0) == 0x40); // after a REX prefix

		if (op[0] == 0xe8 || (op[0] == 0xff && (op[1] >> 3 & 7) == 2))
			qemu_plugin_register_vcpu_mem_cb(q, on_call, QEMU_PLUGIN_CB_NO_REGS,
				QEMU_PLUGIN_MEM_RW, i);
		if (op[0] == 0xc3 || op[0] == 0xc2)
			qemu_plugin_register_vcpu_mem_cb(q, on_return, QEMU_PLUGIN_CB_NO_REGS,
				QEMU_PLUGIN_MEM_RW, i);
	}
}

static void print(FILE *f, const struct node *n)
{
	fprintf(f, "node %u %u %u %lu\n", n->number, n->parent->number, n->function, n->count);
	for (const struct node *c = n->child; c; c = c->sibling)
		print(f, c);
}

static void finish(qemu_plugin_id_t id, void *unused)
{
	FILE *f = fopen(out_path, "w");

	(void)id, (void)unused;
	if (!f)
		return;
	print(f, &root);
	for (struct insn *i = insns; i; i = i->next)
		if (i->count)
			fprintf(f, "insn %lx %lu\n", i->address, i->count);
	fclose(f);
}

static int read_symbols(const char *path)
{
	FILE *f = fopen(path, "r");
	struct symbol s;

	if (!f)
		return -1;
	while (fscanf(f, "%lx %u", &s.address, &s.function) == 2) {
		symbols = realloc(symbols, (nr_symbols + 1) * sizeof *symbols);
		symbols[nr_symbols++] = s;
	}
	fclose(f);
	return nr_symbols ? 0 : -1;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value++)
			return -1;
		if (!strncmp(argv[i], "symbols=", 8) && read_symbols(value))
			return -1;
		if (!strncmp(argv[i], "out=", 4))
			out_path = strdup(value);
		if (!strncmp(argv[i], "on=", 3))
			on_address = strtoul(value, NULL, 16);
		if (!strncmp(argv[i], "off=", 4))
			off_address = strtoul(value, NULL, 16);
	}
	if (!symbols || !out_path)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}

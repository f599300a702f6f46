// SPDX-License-Identifier: GPL-2.0-only
/* Names of the process' own functions, static ones too, from the symbol table of its executable. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "arch/host/os.h"

static const Elf64_Sym *symbols;
static const char *names;
static size_t nr_symbols;
static uint64_t base;				/* where the executable was loaded */

static void find_tables(const char *image)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)image;
	const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + e->e_shoff);

	for (unsigned i = 0; i < e->e_shnum; i++) {
		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		symbols = (const Elf64_Sym *)(image + sections[i].sh_offset);
		nr_symbols = sections[i].sh_size / sizeof(*symbols);
		names = image + sections[sections[i].sh_link].sh_offset;
	}
}

/* The first object is the executable itself. */
static int first_base(struct dl_phdr_info *info, size_t size, void *out)
{
	(void)size;
	*(uint64_t *)out = info->dlpi_addr;
	return 1;
}

static void load(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct stat st;
	char *image;

	if (fd < 0)
		return;
	if (!fstat(fd, &st)) {
		image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (image != MAP_FAILED)
			find_tables(image);
	}
	close(fd);
	dl_iterate_phdr(first_base, &base);
}

const char *os_symbol(uint64_t pc, uint64_t *offset)
{
	uint64_t va;

	if (!symbols)
		load();
	va = pc - base;
	for (size_t i = 0; i < nr_symbols; i++) {
		const Elf64_Sym *s = &symbols[i];

		if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || va < s->st_value || va >= s->st_value + s->st_size)
			continue;
		*offset = va - s->st_value;
		return names + s->st_name;
	}
	return NULL;
}

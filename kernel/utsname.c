// SPDX-License-Identifier: GPL-2.0-only
/*
 * The name of the machine and its domain: uname, sethostname, setdomainname, files in
 * /proc/sys/kernel, and the namespaces in which it is called differently. Mirrors Linux
 * kernel/utsname.c, utsname_sysctl.c and the names of kernel/sys.c.
 *
 * Locks: uts_lock.
 */
#include "kernel/utsname.h"
#include "kernel/cred.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

#define PROC_UTS_INIT_INO	0xeffffffeu
#define NAME_LEN		64u

static struct mutex uts_lock = MUTEX_INIT(uts_lock, "uts", RANK_FS_RENAME);

/* --- the namespaces --- */

static struct uts_namespace *to_uts_ns(struct ns_common *ns)
{
	return container_of(ns, struct uts_namespace, ns);
}

static struct uts_namespace *current_uts_ns(void)
{
	return to_uts_ns(current->nsproxy->ns[NS_UTS]);
}

static struct ns_common *copy_uts_ns(struct ns_common *old, struct user_namespace *user_ns)
{
	struct uts_namespace *ns = kmalloc(sizeof(*ns), GFP_KERNEL);

	if (!ns)
		return ERR_PTR(-ENOMEM);
	if (ns_init(&ns->ns, &uts_ns_ops, user_ns)) {
		kfree(ns);
		return ERR_PTR(-ENOSPC);
	}
	mutex_lock(&uts_lock);
	ns->name = to_uts_ns(old)->name;
	mutex_unlock(&uts_lock);
	return &ns->ns;
}

static void free_uts_ns(struct ns_common *ns)
{
	kfree(to_uts_ns(ns));
}

const struct ns_ops uts_ns_ops = { .name = "uts", .type = CLONE_NEWUTS, .ucount = UCOUNT_UTS,
	.copy = copy_uts_ns, .free = free_uts_ns };

struct uts_namespace init_uts_ns = {
	.ns = NS_COMMON_INIT(PROC_UTS_INIT_INO, &uts_ns_ops),
	.name = {
		.sysname = "Linux",
		.nodename = "thaw",
		.release = "6.1.0-thaw",
		.version = "#1 SMP",
		.machine = "x86_64",
		.domainname = "(none)",
	},
};

/* --- system calls --- */

void uts_copy(struct k_utsname *out)
{
	mutex_lock(&uts_lock);
	*out = current_uts_ns()->name;
	mutex_unlock(&uts_lock);
}

long sys_uname(uaddr_t ubuf)
{
	struct k_utsname copy;

	uts_copy(&copy);
	if (current->personality & UNAME26)
		kstrlcpy(copy.release, "2.6.61-thaw", sizeof(copy.release));
	if ((current->personality & PER_MASK) == PER_LINUX32)
		kstrlcpy(copy.machine, "i686", sizeof(copy.machine));
	return copy_to_user(ubuf, &copy, sizeof(copy)) ? -EFAULT : 0;
}

/* buf: NAME_LEN bytes and a zero, and zeros up to that. */
static void set_name(char *name, const char *buf)
{
	mutex_lock(&uts_lock);
	kmemcpy(name, buf, NAME_LEN + 1);
	mutex_unlock(&uts_lock);
}

static long set_user_name(char *name, uaddr_t ubuf, int len)
{
	char buf[NAME_LEN + 1] = { 0 };

	if (!ns_capable(current_uts_ns()->ns.user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > (int)NAME_LEN)
		return -EINVAL;
	if (copy_from_user(buf, ubuf, (size_t)len))
		return -EFAULT;
	set_name(name, buf);
	return 0;
}

long sys_sethostname(uaddr_t ubuf, int len)
{
	return set_user_name(current_uts_ns()->name.nodename, ubuf, len);
}

long sys_setdomainname(uaddr_t ubuf, int len)
{
	return set_user_name(current_uts_ns()->name.domainname, ubuf, len);
}

/* --- /proc --- */

static s64 version_show(char *buf, size_t n)
{
	struct k_utsname u;

	uts_copy(&u);
	return (s64)kscnprintf(buf, n, "%s version %s (thaw) %s\n", u.sysname, u.release, u.version);
}
PSEUDO_FILE(proc_version, .path = "/proc/version", .mode = 0444, .show = version_show);

/* Up to the end of the line; what is too long is cut. */
static s64 store_name(char *name, const char *text, size_t n)
{
	char buf[NAME_LEN + 1] = { 0 };

	for (size_t i = 0; i < n && i < NAME_LEN && text[i] && text[i] != '\n'; i++)
		buf[i] = text[i];
	set_name(name, buf);
	return (s64)n;
}

#define UTS_FILE(id, file, field, ...)							\
	static s64 id##_show(char *buf, size_t n)					\
	{										\
		struct k_utsname u;							\
											\
		uts_copy(&u);								\
		return (s64)kscnprintf(buf, n, "%s\n", u.field);			\
	}										\
	PSEUDO_FILE(uts_file_##id, .path = "/proc/sys/kernel/" file, .show = id##_show, __VA_ARGS__)

#define UTS_FILE_TO_SET(id, file, field)						\
	static s64 id##_store(const char *buf, size_t n)				\
	{										\
		return store_name(current_uts_ns()->name.field, buf, n);		\
	}										\
	UTS_FILE(id, file, field, .mode = 0644, .store = id##_store)

UTS_FILE(ostype, "ostype", sysname, .mode = 0444);
UTS_FILE(osrelease, "osrelease", release, .mode = 0444);
UTS_FILE(osversion, "version", version, .mode = 0444);
UTS_FILE_TO_SET(hostname, "hostname", nodename);
UTS_FILE_TO_SET(domainname, "domainname", domainname);

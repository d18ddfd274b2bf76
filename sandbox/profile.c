#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/io.h"
#include "common/json.h"
#include "sandbox/profile_rule.h"

enum {
	ARENA_BYTES_MAX = 4 * 1024 * 1024,
	RULES_MAX = 256,
	NUMBERS_MAX = 1024, /* of system calls, with room */
	ERRNO_MAX = 4095,   /* what the kernel takes for an error number */
};

enum { SEEN_PLAIN = 1, SEEN_ARGS = 2, SEEN_ALLOWED = 4 };

/* One file on its way in. */
struct loader {
	const char *name;
	struct fault *fault;
	scmp_filter_ctx filter;
	uint32_t arch;
	struct arena *arena; /* the profile's */
	const struct profile_rule *rules;
	uint32_t default_action;
	uint32_t rule; /* counted from 1; 0: the file's head */
	uint32_t allowed;
	bool mdwe;
	uint8_t seen[NUMBERS_MAX]; /* by number: SEEN_ bits */
};

PRINTF_LIKE(2, 3)
static enum err
refuse(struct loader *loader, const char *format, ...)
{
	char what[200];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (loader->rule == 0)
		return fault_set(
		    loader->fault, ERR_POLICY, "seccomp profile %s.json: %s", loader->name, what);
	return fault_set(loader->fault, ERR_POLICY, "seccomp profile %s.json, rule %u: %s",
	    loader->name, loader->rule, what);
}

/* Every key of map stands in keys, which ends with NULL. */
static enum err
check_keys(struct loader *loader, const struct value *map, const char *const *keys)
{
	if (map->type != VALUE_MAP)
		return refuse(loader, "an object is expected");
	for (uint32_t i = 0; i < map->length; i++) {
		const char *const *key = keys;

		while (*key != NULL && !value_is_string(&map->pairs[i].key, *key))
			key++;
		if (*key == NULL)
			return refuse(loader, "unknown member \"%s\"", map->pairs[i].key.string);
	}
	return ERR_OK;
}

static enum err
get_number(struct loader *loader, const struct value *map, const char *key, int64_t max,
    int64_t absent, int64_t *ret)
{
	const struct value *value = value_get(map, key);

	if (value == NULL && absent >= 0) {
		*ret = absent;
		return ERR_OK;
	}
	if (value == NULL || value->type != VALUE_INT || value->integer < 0 || value->integer > max)
		return refuse(loader, "\"%s\" must be a whole number up to %" PRId64, key, max);
	*ret = value->integer;
	return ERR_OK;
}

/* The action called by key in map, its error number by errno_key. */
static enum err
get_action(struct loader *loader, const struct value *map, const char *key, const char *errno_key,
    uint32_t *ret)
{
	const struct value *action = value_get(map, key);
	int64_t number = 0;
	enum err r = get_number(loader, map, errno_key, ERRNO_MAX, EPERM, &number);

	if (r != ERR_OK)
		return r;
	if (action != NULL && value_is_string(action, "SCMP_ACT_ALLOW"))
		*ret = SCMP_ACT_ALLOW;
	else if (action != NULL && value_is_string(action, "SCMP_ACT_KILL_PROCESS"))
		*ret = SCMP_ACT_KILL_PROCESS;
	else if (action != NULL && value_is_string(action, "SCMP_ACT_ERRNO"))
		*ret = SCMP_ACT_ERRNO((uint32_t)number);
	else
		return refuse(loader,
		    "\"%s\" must be SCMP_ACT_ALLOW, SCMP_ACT_ERRNO or SCMP_ACT_KILL_PROCESS", key);
	return ERR_OK;
}

static enum err
get_operator(struct loader *loader, const struct value *map, enum scmp_compare *ret)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} rows[] = {
	    {"SCMP_CMP_NE", SCMP_CMP_NE},
	    {"SCMP_CMP_LT", SCMP_CMP_LT},
	    {"SCMP_CMP_LE", SCMP_CMP_LE},
	    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
	    {"SCMP_CMP_GE", SCMP_CMP_GE},
	    {"SCMP_CMP_GT", SCMP_CMP_GT},
	    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
	};
	const struct value *op = value_get(map, "op");

	for (size_t i = 0; op != NULL && i < ARRAY_SIZE(rows); i++)
		if (value_is_string(op, rows[i].name)) {
			*ret = rows[i].op;
			return ERR_OK;
		}
	return refuse(loader, "unknown operator \"%s\"",
	    op != NULL && op->type == VALUE_STRING ? op->string : "");
}

static enum err
get_comparison(struct loader *loader, const struct value *map, struct scmp_arg_cmp *ret)
{
	static const char *const keys[] = {"index", "value", "valueTwo", "op", NULL};
	enum scmp_compare op = _SCMP_CMP_MIN;
	int64_t index = 0, a = 0, b = 0;
	enum err r = check_keys(loader, map, keys);

	if (r == ERR_OK)
		r = get_number(loader, map, "index", 5, -1, &index);
	if (r == ERR_OK)
		r = get_number(loader, map, "value", INT64_MAX, -1, &a);
	if (r == ERR_OK)
		r = get_number(loader, map, "valueTwo", INT64_MAX, 0, &b);
	if (r == ERR_OK)
		r = get_operator(loader, map, &op);
	*ret = (struct scmp_arg_cmp){
	    .arg = (unsigned)index, .op = op, .datum_a = (uint64_t)a, .datum_b = (uint64_t)b};
	return r;
}

/* libseccomp takes one comparison per argument and rule; two are answered with EINVAL there, far
 * from the file. */
static enum err
get_comparisons(
    struct loader *loader, const struct value *rule, struct scmp_arg_cmp *ret, uint32_t *ret_count)
{
	const struct value *args = value_get(rule, "args");
	unsigned used = 0;

	*ret_count = args != NULL ? args->length : 0;
	if (args == NULL)
		return ERR_OK;
	if (args->type != VALUE_ARRAY || args->length > 6)
		return refuse(loader, "\"args\" must be at most six comparisons");
	for (uint32_t i = 0; i < args->length; i++) {
		enum err r = get_comparison(loader, &args->items[i], &ret[i]);

		if (r != ERR_OK)
			return r;
		if ((used >> ret[i].arg & 1) != 0)
			return refuse(loader, "argument %u is compared twice", ret[i].arg);
		used |= 1U << ret[i].arg;
	}
	return ERR_OK;
}

/* A rule without arguments answers every call of that number, so it stands alone: libseccomp would
 * let it swallow the others without a word. */
static enum err
check_alone(struct loader *loader, const char *name, uint8_t *seen, bool plain)
{
	if ((*seen & SEEN_PLAIN) != 0 || (plain && *seen != 0))
		return refuse(loader, "another rule already answers \"%s\"", name);
	*seen |= plain ? SEEN_PLAIN : SEEN_ARGS;
	return ERR_OK;
}

static void
count_allowed(struct loader *loader, uint8_t *seen)
{
	if ((*seen & SEEN_ALLOWED) == 0)
		loader->allowed++;
	*seen |= SEEN_ALLOWED;
}

/* One rule as it stands in the file, for one of its names after the other. */
struct draft {
	uint32_t action, count;
	struct scmp_arg_cmp args[6];
	const char *reason;
};

/* Keeps the rule for whoever asks which one answered a call. */
static enum err
keep_rule(struct loader *loader, int number, const struct draft *draft)
{
	struct profile_rule *rule = arena_alloc(loader->arena, sizeof(*rule));
	struct scmp_arg_cmp *args = arena_array(loader->arena, draft->count, sizeof(*draft->args));

	if (rule == NULL || args == NULL)
		return fault_set(loader->fault, ERR_INTERNAL, "out of memory");
	memcpy(args, draft->args, draft->count * sizeof(*args));
	*rule = (struct profile_rule){
	    .next = loader->rules,
	    .number = number,
	    .rule = loader->rule,
	    .action = draft->action,
	    .count = draft->count,
	    .args = args,
	    .reason = draft->reason,
	};
	loader->rules = rule;
	return ERR_OK;
}

/* The number of a call in the tables that libseccomp takes numbers of: this machine's, whatever the
 * profile's architecture is. A call that the profile's has and this machine lacks has none. */
static enum err
add_to_filter(struct loader *loader, const char *name, const struct draft *draft)
{
	int here = seccomp_syscall_resolve_name(name), r;

	if (draft->action == loader->default_action)
		return ERR_OK;
	if (here < 0)
		return refuse(loader, "%s can only be compiled where it exists", name);
	r = seccomp_rule_add_exact_array(
	    loader->filter, draft->action, here, draft->count, draft->args);
	return r < 0 ? refuse(loader, "%s: %s", name, strerror(-r)) : ERR_OK;
}

static enum err
add_name(struct loader *loader, const struct value *name, const struct draft *draft)
{
	int number;
	enum err r;

	if (name->type != VALUE_STRING)
		return refuse(loader, "\"names\" must be names of system calls");
	number = seccomp_syscall_resolve_name_arch(loader->arch, name->string);
	if (number == __NR_SCMP_ERROR)
		return refuse(loader, "libseccomp knows no system call \"%s\"", name->string);
	if (number < 0)
		return ERR_OK; /* known, but not on this architecture */
	if (number >= NUMBERS_MAX)
		return refuse(loader, "%s has the number %d", name->string, number);
	r = check_alone(loader, name->string, &loader->seen[number], draft->count == 0);
	if (r == ERR_OK)
		r = add_to_filter(loader, name->string, draft);
	if (r == ERR_OK)
		r = keep_rule(loader, number, draft);
	if (r == ERR_OK && draft->action == SCMP_ACT_ALLOW)
		count_allowed(loader, &loader->seen[number]);
	return r;
}

/* "includes": {"arches": [...]}: a rule for some architectures only, as container profiles have it.
 */
static enum err
get_included(struct loader *loader, const struct value *rule, bool *ret)
{
	static const struct {
		const char *name;
		uint32_t arch;
	} rows[] = {{"amd64", SCMP_ARCH_X86_64}, {"arm64", SCMP_ARCH_AARCH64}};
	static const char *const keys[] = {"arches", NULL};
	const struct value *includes = value_get(rule, "includes"), *arches;

	*ret = includes == NULL;
	if (includes == NULL)
		return ERR_OK;
	if (check_keys(loader, includes, keys) != ERR_OK)
		return ERR_POLICY;
	arches = value_get(includes, "arches");
	if (arches == NULL || arches->type != VALUE_ARRAY || arches->length == 0)
		return refuse(loader, "\"includes\" needs \"arches\"");
	for (uint32_t i = 0; i < arches->length; i++) {
		bool known = false;

		for (size_t j = 0; j < ARRAY_SIZE(rows); j++)
			if (value_is_string(&arches->items[i], rows[j].name)) {
				known = true;
				*ret |= rows[j].arch == loader->arch;
			}
		if (!known)
			return refuse(loader, "\"arches\" are amd64 and arm64");
	}
	return ERR_OK;
}

static enum err
add_rule(struct loader *loader, const struct value *rule)
{
	static const char *const keys[] = {
	    "names", "action", "errnoRet", "args", "includes", "reason", NULL};
	const struct value *names = value_get(rule, "names"), *reason = value_get(rule, "reason");
	struct draft draft = {0};
	bool included = false;
	enum err r = check_keys(loader, rule, keys);

	if (r == ERR_OK && (reason == NULL || reason->type != VALUE_STRING || reason->length == 0))
		return refuse(loader, "a rule needs a \"reason\"");
	if (r == ERR_OK && (names == NULL || names->type != VALUE_ARRAY || names->length == 0))
		return refuse(loader, "a rule needs \"names\"");
	if (r == ERR_OK)
		r = get_action(loader, rule, "action", "errnoRet", &draft.action);
	if (r == ERR_OK)
		r = get_comparisons(loader, rule, draft.args, &draft.count);
	if (r == ERR_OK)
		r = get_included(loader, rule, &included);
	if (r != ERR_OK || !included)
		return r;
	draft.reason = reason->string;
	for (uint32_t i = 0; r == ERR_OK && i < names->length; i++)
		r = add_name(loader, &names->items[i], &draft);
	return r;
}

/* A filter for the profile's architecture alone, whichever one compiles it. */
static enum err
choose_arch(struct loader *loader)
{
	if (loader->arch == seccomp_arch_native())
		return ERR_OK;
	if (seccomp_arch_add(loader->filter, loader->arch) < 0 ||
	    seccomp_arch_remove(loader->filter, SCMP_ARCH_NATIVE) < 0)
		return fault_set(loader->fault, ERR_INTERNAL, "libseccomp lacks an architecture");
	return ERR_OK;
}

/* Not of OCI: whether what the profile is for does without new code in its memory. It must, unless
 * the profile says that it cannot. */
static enum err
get_mdwe(struct loader *loader, const struct value *file)
{
	const struct value *mdwe = value_get(file, "mdwe");

	if (mdwe != NULL && mdwe->type != VALUE_BOOL)
		return refuse(loader, "\"mdwe\" must be true or false");
	loader->mdwe = mdwe == NULL || mdwe->boolean;
	return ERR_OK;
}

/* The head first: libseccomp wants the default action before any rule. */
static enum err
begin(struct loader *loader, const struct value *file)
{
	static const char *const keys[] = {
	    "defaultAction", "defaultErrnoRet", "syscalls", "reason", "mdwe", NULL};
	enum err r = check_keys(loader, file, keys);

	if (r == ERR_OK)
		r = get_action(
		    loader, file, "defaultAction", "defaultErrnoRet", &loader->default_action);
	if (r == ERR_OK)
		r = get_mdwe(loader, file);
	if (r != ERR_OK)
		return r;
	if (loader->default_action == SCMP_ACT_ALLOW)
		return refuse(loader, "a profile that allows by default is no list");
	loader->filter = seccomp_init(loader->default_action);
	if (loader->filter == NULL)
		return fault_set(loader->fault, ERR_INTERNAL, "out of memory");
	/* x32 is a bad architecture too: libseccomp compares with 0x40000000 where its table is not
	 * added. Optimisation 2 is a binary tree instead of a list. */
	if (seccomp_attr_set(loader->filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0 ||
	    seccomp_attr_set(loader->filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		return refuse(loader, "libseccomp is older than 2.5");
	return choose_arch(loader);
}

static enum err
add_rules(struct loader *loader, const struct value *file)
{
	const struct value *rules = value_get(file, "syscalls");

	if (rules == NULL || rules->type != VALUE_ARRAY || rules->length > RULES_MAX)
		return refuse(loader, "\"syscalls\" must be at most %d rules", RULES_MAX);
	for (uint32_t i = 0; i < rules->length; i++) {
		enum err r;

		loader->rule = i + 1;
		r = add_rule(loader, &rules->items[i]);
		if (r != ERR_OK)
			return r;
	}
	loader->rule = 0;
	return ERR_OK;
}

/* The compiled program, by way of a memory file: libseccomp 2.5 only writes to descriptors. */
static enum err
compile(struct loader *loader, struct profile *profile)
{
	SCOPED_FD fd = memfd_create("praxa-seccomp", MFD_CLOEXEC);
	struct stat st;
	size_t bytes;

	if (fd < 0 || seccomp_export_bpf(loader->filter, fd) < 0 || fstat(fd, &st) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return fault_set(loader->fault, ERR_INTERNAL, "compiling the profile failed");
	bytes = (size_t)st.st_size;
	if (bytes == 0 || bytes % sizeof(*profile->filter) != 0 ||
	    bytes / sizeof(*profile->filter) > BPF_MAXINSNS)
		return refuse(loader, "the compiled filter is longer than the kernel takes");
	profile->filter = malloc(bytes);
	if (profile->filter == NULL)
		return fault_set(loader->fault, ERR_INTERNAL, "out of memory");
	if (io_read_full(fd, profile->filter, bytes) != (ssize_t)bytes)
		return fault_set(loader->fault, ERR_INTERNAL, "compiling the profile failed");
	profile->length = (uint16_t)(bytes / sizeof(*profile->filter));
	profile->allowed = loader->allowed;
	profile->mdwe = loader->mdwe;
	profile->arch = loader->arch;
	profile->rules = loader->rules;
	text_copy(profile->name, sizeof(profile->name), loader->name);
	return ERR_OK;
}

static const char *
reason_of(const struct value *file)
{
	const struct value *reason = value_get(file, "reason");

	return reason != NULL && reason->type == VALUE_STRING ? reason->string : "";
}

enum err
profile_parse(const char *text, size_t length, const char *name, uint32_t arch,
    struct profile **ret, struct fault *fault)
{
	struct loader loader = {
	    .name = name, .fault = fault, .arch = arch != 0 ? arch : seccomp_arch_native()};
	struct profile *profile = calloc(1, sizeof(*profile));
	struct value file;
	enum err r;

	if (profile == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	arena_init(&profile->arena, ARENA_BYTES_MAX);
	loader.arena = &profile->arena;
	r = json_parse(text, length, &profile->arena, &file, fault);
	if (r != ERR_OK && fault != NULL) {
		struct fault inner = *fault;

		r = refuse(&loader, "%s", inner.message);
	}
	if (r == ERR_OK)
		r = begin(&loader, &file);
	if (r == ERR_OK)
		r = add_rules(&loader, &file);
	if (r == ERR_OK)
		r = compile(&loader, profile);
	if (r == ERR_OK)
		profile->reason = reason_of(&file);
	if (loader.filter != NULL)
		seccomp_release(loader.filter);
	if (r == ERR_OK)
		*ret = TAKE(profile);
	profile_free(&profile);
	return r;
}

void
profile_free(struct profile **profile)
{
	if (*profile == NULL)
		return;
	free((*profile)->filter);
	arena_clear(&(*profile)->arena);
	free(*profile);
	*profile = NULL;
}

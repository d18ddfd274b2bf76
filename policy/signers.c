#include "policy/signers.h"

#include <errno.h>
#include <fcntl.h>

#include "common/io.h"
#include "common/text.h"
#include "common/utf8.h"
#include "policy/signer_read.h"

enum { SIGNERS_BYTES_MAX = 16 * 1024 * 1024 };

/* A name of a line: a principal, or the fingerprint of its key. */
struct alias {
	const char *name;
	uint32_t signer;
};

struct people {
	uint32_t *parent; /* [count] */
	struct alias *aliases;
	uint32_t alias_count;
};

static uint32_t
root_of(const struct people *people, uint32_t i)
{
	while (people->parent[i] != i)
		i = people->parent[i] = people->parent[people->parent[i]];
	return i;
}

static int
compare_aliases(const void *a, const void *b)
{
	return strcasecmp(((const struct alias *)a)->name, ((const struct alias *)b)->name);
}

static bool
add_aliases(
    struct arena *arena, struct people *people, const struct policy_signer *signer, uint32_t index)
{
	const char *rest = signer->name;

	people->aliases[people->alias_count++] = (struct alias){signer->fingerprint, index};
	while (*rest != '\0') {
		size_t length = strcspn(rest, ",");
		const char *name = arena_copy(arena, rest, length);

		if (name == NULL)
			return false;
		people->aliases[people->alias_count++] = (struct alias){name, index};
		rest += length + (rest[length] == ',' ? 1 : 0);
	}
	return true;
}

/* A person with two keys, or two addresses, must not count twice: joins the lines that share a
 * name. */
static bool
tell_people_apart(struct policy_signers *signers)
{
	struct people people = {
	    .parent = arena_array(&signers->arena, signers->count, sizeof(*people.parent)),
	    .aliases = arena_array(
		&signers->arena, signers->count, (1 + SIGNER_NAMES_MAX) * sizeof(*people.aliases)),
	};

	if (signers->count == 0)
		return true;
	if (people.parent == NULL || people.aliases == NULL)
		return false;
	for (uint32_t i = 0; i < signers->count; i++) {
		people.parent[i] = i;
		if (!add_aliases(&signers->arena, &people, &signers->items[i], i))
			return false;
	}
	qsort(people.aliases, people.alias_count, sizeof(*people.aliases), compare_aliases);
	for (uint32_t i = 1; i < people.alias_count; i++)
		if (compare_aliases(&people.aliases[i - 1], &people.aliases[i]) == 0)
			people.parent[root_of(&people, people.aliases[i].signer)] =
			    root_of(&people, people.aliases[i - 1].signer);
	for (uint32_t i = 0; i < signers->count; i++)
		signers->items[i].person = root_of(&people, i);
	return true;
}

static enum err
read_line(struct policy_signers *signers, const char *line, size_t length, uint32_t number,
    struct fault *fault)
{
	struct policy_signer *signer = &signers->items[signers->count];
	bool applies = false;
	enum err r;

	if (length > SIGNERS_LINE_MAX || memchr(line, '\0', length) != NULL ||
	    !utf8_is_valid(line, length))
		return fault_set(fault, ERR_POLICY,
		    "the line is no text, or has more than %d bytes", SIGNERS_LINE_MAX);
	if (signers->count == SIGNERS_MAX)
		return fault_set(fault, ERR_POLICY, "more than %d signers", SIGNERS_MAX);
	*signer = (struct policy_signer){.line = number};
	r = policy_signer_read(&signers->arena, line, length, signer, &applies, fault);
	if (r == ERR_OK && applies)
		signers->count++;
	return r;
}

static enum err
read_lines(struct policy_signers *signers, const char *text, size_t length, const char *shown,
    struct fault *fault)
{
	const char *end = text + length;
	uint32_t number = 1;

	for (const char *line = text; line < end; number++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		struct fault why = {0};
		enum err r;

		stop = stop != NULL ? stop : end;
		r = read_line(signers, line, (size_t)(stop - line), number, &why);
		if (r == ERR_INTERNAL)
			return fault_set(fault, r, "out of memory");
		if (r != ERR_OK) {
			fault_set(fault, r, "%.96s:%u: %s", shown, number, why.message);
			return r;
		}
		line = stop < end ? stop + 1 : end;
	}
	return ERR_OK;
}

enum err
policy_signers_parse(const char *text, size_t length, const char *shown, struct policy_signers *ret,
    struct fault *fault)
{
	struct policy_signers signers = {0};
	enum err r = ERR_OK;

	if (length > SIGNERS_FILE_MAX)
		return fault_set(fault, ERR_POLICY, "%.96s has more than 1 MiB", shown);
	arena_init(&signers.arena, SIGNERS_BYTES_MAX);
	signers.items = arena_array(&signers.arena, SIGNERS_MAX + 1, sizeof(*signers.items));
	if (signers.items == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	r = read_lines(&signers, text, length, shown, fault);
	if (r == ERR_OK && !tell_people_apart(&signers))
		r = fault_set(fault, ERR_INTERNAL, "out of memory");
	if (r != ERR_OK) {
		policy_signers_done(&signers);
		return r;
	}
	*ret = signers;
	return ERR_OK;
}

enum err
policy_signers_open(const char *path, struct policy_signers *ret, struct fault *fault)
{
	SCOPED_FREE char *text = NULL;
	size_t length = 0;
	int r = io_read_file(AT_FDCWD, path, SIGNERS_FILE_MAX, &text, &length);

	if (r == -ENOMEM)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (r < 0)
		return fault_set(fault, ERR_NOT_FOUND, "the allowed signers %.96s: %s", path,
		    r == -EFBIG ? "it has more than 1 MiB" : strerror(-r));
	return policy_signers_parse(text, length, path, ret, fault);
}

const struct policy_signer *
policy_signers_find(const struct policy_signers *signers, struct policy_bytes key, int64_t now_s,
    struct fault *fault)
{
	const struct policy_signer *seen = NULL;

	for (uint32_t i = 0; i < signers->count; i++) {
		const struct policy_signer *signer = &signers->items[i];

		if (!policy_bytes_equal(signer->key.blob, key))
			continue;
		if ((signer->valid_after_s == 0 || now_s >= signer->valid_after_s) &&
		    (signer->valid_before_s == 0 || now_s <= signer->valid_before_s))
			return signer;
		seen = signer;
	}
	if (seen == NULL)
		fault_set(fault, ERR_POLICY, "its key is not among the allowed signers");
	else if (seen->valid_after_s != 0 && now_s < seen->valid_after_s)
		fault_set(fault, ERR_POLICY, "the key of %.64s is not valid yet (line %u)",
		    seen->name, seen->line);
	else
		fault_set(fault, ERR_POLICY, "the key of %.64s has expired (line %u)", seen->name,
		    seen->line);
	return NULL;
}

void
policy_signers_done(struct policy_signers *signers)
{
	arena_clear(&signers->arena);
	*signers = (struct policy_signers){0};
}

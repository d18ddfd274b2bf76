#include "cli/explain.h"

#include <inttypes.h>

#include "common/text.h"

/* The member's text in the arena; "" when it is none. NULL: the arena is full. */
static const char *
text_of(struct explain *explain, const struct value *map, const char *key)
{
	const struct value *value = map != NULL ? value_get(map, key) : NULL;

	if (value == NULL || value->type != VALUE_STRING)
		return "";
	return arena_copy(explain->arena, value->string, value->length);
}

static int64_t
number_of(const struct value *map, const char *key)
{
	const struct value *value = map != NULL ? value_get(map, key) : NULL;

	return value != NULL && value->type == VALUE_INT ? value->integer : 0;
}

static bool
is_same(const struct explain_kind *a, const struct explain_kind *b)
{
	return strcmp(a->tool, b->tool) == 0 && strcmp(a->syscall, b->syscall) == 0 &&
	       strcmp(a->arch, b->arch) == 0 && strcmp(a->answer, b->answer) == 0 &&
	       strcmp(a->profile, b->profile) == 0 && a->rule == b->rule;
}

/* Texts are numbers as "0x2a", so that a copy of strings is a copy. */
static const struct value *
copy_args(struct explain *explain, const struct value *args)
{
	struct value *copy = arena_alloc(explain->arena, sizeof(*copy));
	struct value *items;

	if (copy == NULL || args == NULL || args->type != VALUE_ARRAY)
		return copy;
	items = arena_array(explain->arena, args->length, sizeof(*items));
	if (items == NULL)
		return NULL;
	for (uint32_t i = 0; i < args->length; i++) {
		const struct value *item = &args->items[i];
		const char *text = item->type == VALUE_STRING
				       ? arena_copy(explain->arena, item->string, item->length)
				       : "?";

		if (text == NULL)
			return NULL;
		items[i] = value_string(text);
	}
	*copy = (struct value){.type = VALUE_ARRAY, .length = args->length, .items = items};
	return copy;
}

/* A kind is recorded when it is new, with the count 1, and once more with its whole count when its
 * cell ends; a tool has many cells in one run. */
static enum err
add_denied(struct explain *explain, const struct value *record, struct fault *fault)
{
	const struct value *body = value_get(record, "body");
	int64_t count = number_of(body, "count");
	struct explain_kind kind = {
	    .tool = text_of(explain, record, "tool"),
	    .syscall = text_of(explain, body, "syscall"),
	    .arch = text_of(explain, body, "arch"),
	    .answer = text_of(explain, body, "answer"),
	    .profile = text_of(explain, body, "profile"),
	    .reason = text_of(explain, body, "reason"),
	    .args = copy_args(explain, body != NULL ? value_get(body, "args") : NULL),
	    .rule = number_of(body, "profile_rule"),
	    .count = count > 1 ? count - 1 : 1,
	};

	if (kind.tool == NULL || kind.syscall == NULL || kind.arch == NULL || kind.answer == NULL ||
	    kind.profile == NULL || kind.reason == NULL || kind.args == NULL)
		return fault_set(fault, ERR_LIMIT, "the run has too many records");
	for (unsigned i = 0; i < explain->kind_count; i++)
		if (is_same(&explain->kinds[i], &kind)) {
			explain->kinds[i].count += kind.count;
			return ERR_OK;
		}
	if (explain->kind_count == EXPLAIN_KINDS_MAX)
		return fault_set(fault, ERR_LIMIT, "the run has too many records");
	explain->kinds[explain->kind_count++] = kind;
	return ERR_OK;
}

enum err
explain_add(struct explain *explain, const struct value *record, struct fault *fault)
{
	const struct value *kind = value_get(record, "kind");

	if (!explain->found)
		explain->skill = text_of(explain, record, "skillId");
	explain->found = true;
	if (kind != NULL && value_is_string(kind, "cell.denied"))
		return add_denied(explain, record, fault);
	if (kind != NULL && value_is_string(kind, "run.ended")) {
		explain->ended = true;
		explain->seen = text_of(explain, value_get(record, "body"), "syscalls_seen");
		explain->denied = number_of(value_get(record, "body"), "syscalls_denied");
	}
	if (explain->skill == NULL || (explain->ended && explain->seen == NULL))
		return fault_set(fault, ERR_LIMIT, "the run has too many records");
	return ERR_OK;
}

/* What was denied but is in no record, and why. */
static const char *
caveat(const struct explain *explain)
{
	if (!explain->ended)
		return "The run goes on; its record may grow.";
	if (strcmp(explain->seen, "part") == 0)
		return "It made so many that they were no longer counted.";
	if (strcmp(explain->seen, "none") == 0)
		return "Denied calls of its own cell could not be seen; their answers were the "
		       "same.";
	return strcmp(explain->seen, "all") == 0 ? ""
						 : "Its end does not say whether all were seen.";
}

static void
print_kind(FILE *out, const struct explain_kind *kind)
{
	fprintf(out, "\n%s(", kind->syscall);
	for (uint32_t i = 0; i < kind->args->length; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", kind->args->items[i].string);
	fprintf(out, ")\n  answered %s, %" PRId64 " time%s, on %s", kind->answer, kind->count,
	    kind->count == 1 ? "" : "s", kind->arch);
	if (kind->tool[0] != '\0')
		fprintf(out, ", in the tool %s", kind->tool);
	if (kind->rule > 0)
		fprintf(out, "\n  rule %" PRId64 " of the profile %s: %s\n", kind->rule,
		    kind->profile, kind->reason);
	else
		fprintf(out, "\n  profile %s: %s\n", kind->profile, kind->reason);
}

void
explain_print(FILE *out, const struct explain *explain, const char *run)
{
	const char *rest = caveat(explain);

	if (explain->kind_count == 0)
		fprintf(out, "%s of %s: no denied system call is on record.", run, explain->skill);
	else
		fprintf(out, "%s of %s: %u kind%s of system call denied.", run, explain->skill,
		    explain->kind_count, explain->kind_count == 1 ? "" : "s");
	fprintf(out, "%s%s\n", rest[0] != '\0' ? " " : "", rest);
	for (unsigned i = 0; i < explain->kind_count; i++)
		print_kind(out, &explain->kinds[i]);
}

static struct value
text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? value_string(text) : (struct value){0};
}

/* A map of pairs, copied into the arena. */
static bool
make_map(struct arena *arena, const struct value_pair *pairs, uint32_t count, struct value *ret)
{
	struct value_pair *copy = arena_array(arena, count, sizeof(*copy));

	if (copy == NULL)
		return false;
	memcpy(copy, pairs, count * sizeof(*copy));
	*ret = (struct value){.type = VALUE_MAP, .length = count, .pairs = copy};
	return true;
}

static bool
kind_value(struct arena *arena, const struct explain_kind *kind, struct value *ret)
{
	const struct value_pair pairs[] = {
	    {value_string("syscall"), value_string(kind->syscall)},
	    {value_string("args"), *kind->args},
	    {value_string("arch"), value_string(kind->arch)},
	    {value_string("answer"), value_string(kind->answer)},
	    {value_string("count"), value_integer(kind->count)},
	    {value_string("tool"), text_or_null(kind->tool)},
	    {value_string("profile"), value_string(kind->profile)},
	    {value_string("profile_rule"),
		kind->rule > 0 ? value_integer(kind->rule) : (struct value){0}},
	    {value_string("reason"), value_string(kind->reason)},
	};

	return make_map(arena, pairs, ARRAY_SIZE(pairs), ret);
}

enum err
explain_value(
    const struct explain *explain, const char *run, struct value *ret, struct fault *fault)
{
	struct value *items = arena_array(explain->arena, explain->kind_count, sizeof(*items));
	bool made = items != NULL;

	for (unsigned i = 0; made && i < explain->kind_count; i++)
		made = kind_value(explain->arena, &explain->kinds[i], &items[i]);
	if (made) {
		const struct value_pair pairs[] = {
		    {value_string("runId"), value_string(run)},
		    {value_string("skillId"), text_or_null(explain->skill)},
		    {value_string("ended"), value_boolean(explain->ended)},
		    {value_string("syscalls_denied"),
			explain->ended ? value_integer(explain->denied) : (struct value){0}},
		    {value_string("syscalls_seen"), text_or_null(explain->seen)},
		    {value_string("denied"),
			{.type = VALUE_ARRAY, .length = explain->kind_count, .items = items}},
		};

		made = make_map(explain->arena, pairs, ARRAY_SIZE(pairs), ret);
	}
	return made ? ERR_OK : fault_set(fault, ERR_LIMIT, "the run has too many records");
}

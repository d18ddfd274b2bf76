/* Settings: pins, budgets, limits, layers. A number that grows opens, one that shrinks closes; what
 * is merely another (a bundle, a program, a profile) does both: neither contains the other. */
#include <stdarg.h>
#include <stdio.h>

#include "policy/amount.h"
#include "policy/diff_parts.h"

enum { TEXT_MAX = 512 };

const char *
diff_name(struct differing *d, const char *head, const char *name, const char *tail)
{
	size_t size = strlen(head) + strlen(name) + strlen(tail) + 1;
	char *text = analyse_alloc(&d->analysis, size, 1);

	if (text == NULL)
		return "";
	snprintf(text, size, "%s%s%s", head, name, tail);
	return text;
}

static const char *PRINTF_LIKE(2, 3) words(struct differing *d, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return diff_name(d, text, "", "");
}

static void
set(struct policy_side *side, bool differs, const char *text)
{
	side->state = differs ? POLICY_SIDE_WITNESS : POLICY_SIDE_NOTHING;
	side->text = differs ? text : "";
}

/* What is one thing in old and another in new: what each alone accepts is the witness. */
static void
diff_other(struct differing *d, const char *name, bool differs, const char *old, const char *new)
{
	struct policy_dimension *dimension = diff_add(d, name);

	if (dimension == NULL)
		return;
	set(&dimension->opened, differs, new);
	set(&dimension->closed, differs, old);
}

static void
diff_text(struct differing *d, const char *name, const char *old, const char *new)
{
	diff_other(d, name, strcmp(old, new) != 0, old, new);
}

static const char *
quantity_text(struct differing *d, enum policy_unit unit, uint64_t number)
{
	char text[POLICY_AMOUNT_MAX];

	policy_amount_text(text, unit, number);
	return words(d, "%s", text);
}

static void
diff_number(
    struct differing *d, const char *name, enum policy_unit unit, uint64_t old, uint64_t new)
{
	struct policy_dimension *dimension = diff_add(d, name);
	const char *from = quantity_text(d, unit, old), *to = quantity_text(d, unit, new);

	if (dimension == NULL)
		return;
	set(&dimension->opened, new > old, words(d, "%s, which is above %s", to, from));
	set(&dimension->closed, old > new, words(d, "%s, which is above %s", from, to));
}

/* A quota that nobody set lets everything through. */
static void
diff_quota(struct differing *d, const char *name, enum policy_unit unit,
    const struct policy_quota *old, const struct policy_quota *new)
{
	struct policy_dimension *dimension;
	const char *from, *to;

	if (old->most > 0 && new->most > 0) {
		diff_number(d, name, unit, old->most, new->most);
		return;
	}
	dimension = diff_add(d, name);
	if (dimension == NULL)
		return;
	from = words(d, "any number, which is above %s", quantity_text(d, unit, new->most));
	to = words(d, "any number, which is above %s", quantity_text(d, unit, old->most));
	set(&dimension->opened, old->most > 0, to);
	set(&dimension->closed, new->most > 0, from);
}

void
diff_tool_limits(
    struct differing *d, const struct policy_tool_rule *old, const struct policy_tool_rule *new)
{
	const char *head = diff_name(d, "tools.", old->tool.name, ".limits.");

#define RATE(name, key, feature, words)                                \
	diff_quota(d, diff_name(d, head, #key, ""), POLICY_UNIT_COUNT, \
	    &old->limits[POLICY_RATE_##name], &new->limits[POLICY_RATE_##name]);
	POLICY_RATES(RATE)
}

/* What must be reached: the less, the more is open. */
static void
diff_least(struct differing *d, const char *name, enum policy_unit unit, uint64_t old, uint64_t new)
{
	struct policy_dimension *dimension = diff_add(d, name);
	const char *from = quantity_text(d, unit, old), *to = quantity_text(d, unit, new);

	if (dimension == NULL)
		return;
	set(&dimension->opened, new < old, words(d, "%s, which is below %s", to, from));
	set(&dimension->closed, old < new, words(d, "%s, which is below %s", from, to));
}

/* Fewer layers open: a cell without them starts. */
static void
diff_layers(struct differing *d, const char *name, uint64_t old, uint64_t new)
{
	struct policy_dimension *dimension = diff_add(d, name);
	char missing[256], added[256];

	if (dimension == NULL)
		return;
	layer_list(missing, sizeof(missing), old & ~new);
	layer_list(added, sizeof(added), new & ~old);
	set(&dimension->opened, (old & ~new) != 0, words(d, "a cell without: %s", missing));
	set(&dimension->closed, (new & ~old) != 0, words(d, "a cell without: %s", added));
}

static const char *
argv_text(struct differing *d, const struct policy_cell *cell)
{
	const char *text = "";

	for (uint32_t i = 0; cell->argv[i] != NULL; i++)
		text = diff_name(d, text, i > 0 ? " " : "", diff_name(d, "[", cell->argv[i], "]"));
	return text;
}

static bool
argv_differs(const struct policy_cell *a, const struct policy_cell *b)
{
	uint32_t i = 0;

	while (a->argv[i] != NULL && b->argv[i] != NULL && strcmp(a->argv[i], b->argv[i]) == 0)
		i++;
	return a->argv[i] != NULL || b->argv[i] != NULL;
}

static const char *
digest_words(struct differing *d, const struct digest *digest)
{
	char text[DIGEST_TEXT_MAX];

	digest_text(text, digest);
	return diff_name(d, text, "", "");
}

#define UNIT_INTEGER POLICY_UNIT_COUNT
#define UNIT_BYTES POLICY_UNIT_BYTES
#define UNIT_DURATION POLICY_UNIT_DURATION
#define UNIT_MONEY POLICY_UNIT_MILLIONTHS

static void
diff_limits(struct differing *d, const char *head, const struct policy_limits *old,
    const struct policy_limits *new)
{
#define LIMIT(field, key, type, fallback, least, most, help) \
	diff_number(d, diff_name(d, head, "limits.", #key), UNIT_##type, old->field, new->field);
	POLICY_LIMITS(LIMIT)
}

static const char *
resources_text(struct differing *d, const struct policy_tool *tool)
{
	const char *text = "";

	for (uint32_t i = 0; i < tool->resource_count; i++)
		text = diff_name(d, text, i > 0 ? ", " : "",
		    diff_name(d, tool->resources[i].name, " at ", tool->resources[i].at));
	return text[0] != '\0' ? text : "none";
}

void
diff_tool_cell(struct differing *d, const struct policy_tool *old, const struct policy_tool *new)
{
	const char *head = diff_name(d, "tools.", old->name, ".cell.");

	diff_text(d, diff_name(d, head, "bundle", ""), digest_words(d, &old->bundle),
	    digest_words(d, &new->bundle));
	diff_text(
	    d, diff_name(d, head, "run", ""), argv_text(d, &old->cell), argv_text(d, &new->cell));
	diff_text(d, diff_name(d, head, "profile", ""), old->cell.profile, new->cell.profile);
	diff_text(
	    d, diff_name(d, head, "resources", ""), resources_text(d, old), resources_text(d, new));
	diff_limits(d, head, &old->cell.limits, &new->cell.limits);
	diff_number(d, diff_name(d, head, "limits.wall", ""), POLICY_UNIT_DURATION,
	    old->cell.limits.wall_ns, new->cell.limits.wall_ns);
}

static const char *
retention_text(struct differing *d, uint64_t retention_ns)
{
	return retention_ns == 0 ? "the log's own rule"
				 : quantity_text(d, POLICY_UNIT_DURATION, retention_ns);
}

void
diff_settings(struct differing *d)
{
	const struct policy_skill *old = &d->old->skill, *new = &d->new->skill;

	diff_text(d, "skill", old->name, new->name);
	diff_text(d, "owner.team", old->team, new->team);
	/* More people who must have looked at it close. `revision` is none: it only says which file
	 * is the newer one. */
	diff_least(d, "owner.reviewers", POLICY_UNIT_COUNT, old->reviewers, new->reviewers);
	diff_text(d, "bundle.digest", digest_words(d, &old->bundle), digest_words(d, &new->bundle));
	diff_other(d, "bundle.run", argv_differs(&old->cell, &new->cell), argv_text(d, &old->cell),
	    argv_text(d, &new->cell));
#define BUDGET(name, window, key, type, most, feature, unit, help)                                 \
	diff_quota(d, "budget." #window "." #key, UNIT_##type, &old->budget[POLICY_BUDGET_##name], \
	    &new->budget[POLICY_BUDGET_##name]);
	POLICY_BUDGETS(BUDGET)
	diff_number(d, "budget.run.wall", POLICY_UNIT_DURATION, old->cell.limits.wall_ns,
	    new->cell.limits.wall_ns);
	diff_text(d, "sandbox.profile", old->cell.profile, new->cell.profile);
	diff_limits(d, "sandbox.", &old->cell.limits, &new->cell.limits);
	diff_layers(d, "sandbox.require", old->cell.required, new->cell.required);
	diff_text(d, "audit.retention", retention_text(d, old->retention_ns),
	    retention_text(d, new->retention_ns));
}

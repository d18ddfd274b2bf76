/* praxa policy diff: what a change of the policy opens and closes. */
#include "policy/diff.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy_common.h"
#include "cli/policy_request.h"
#include "common/json.h"

static enum err
on_fail_on_widen(void *context, const char *value, struct fault *fault)
{
	(void)value;
	(void)fault;
	((struct policy_options *)context)->fail_on_widen = true;
	return ERR_OK;
}

const struct args_option policy_diff_rows[] = {
    {"fail-on-widen", 0, NULL, "exit code 10 when anything is open that was not", on_fail_on_widen},
    {"json", 'j', NULL, "print one JSON object", policy_on_json},
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

static void
print_side(const char *verb, const char *path, const struct policy_side *side)
{
	if (side->state == POLICY_SIDE_NOTHING)
		return;
	printf("  %s: ", verb);
	if (side->state == POLICY_SIDE_UNKNOWN)
		printf("UNKNOWN: not decided within its share of work, so it counts");
	else if (side->has_request)
		policy_request_print(&side->request);
	else
		fputs(side->text, stdout);
	if (side->line > 0)
		printf("  (%s:%u)", path, side->line);
	putchar('\n');
}

static void
print_text(const struct policy_options *options, const struct policy_diff *diff,
    enum policy_direction whole)
{
	uint32_t same = 0;

	for (uint32_t i = 0; i < diff->count; i++) {
		const struct policy_dimension *dimension = &diff->items[i];
		enum policy_direction direction = policy_dimension_direction(dimension);

		same += direction == POLICY_SAME;
		if (direction == POLICY_SAME)
			continue;
		printf("%-8s %s\n", policy_direction_name(direction), dimension->name);
		print_side("now allowed", options->files[1], &dimension->opened);
		print_side("now refused", options->files[0], &dimension->closed);
	}
	printf("%-8s %u dimensions\n%s: %s against %s\n", policy_direction_name(POLICY_SAME), same,
	    policy_direction_name(whole), options->files[1], options->files[0]);
}

/* One direction as JSON: null where nothing changed. */
static struct value
side_value(struct arena *arena, const struct policy_side *side)
{
	struct value_pair *pairs = arena_array(arena, 3 + POLICY_REQUEST_PAIRS_MAX, sizeof(*pairs));
	uint32_t n = 0;

	if (side->state == POLICY_SIDE_NOTHING || pairs == NULL)
		return (struct value){.type = VALUE_NULL};
	pairs[n++] = value_member("known", value_boolean(side->state != POLICY_SIDE_UNKNOWN));
	pairs[n++] = value_member("line", value_integer(side->line));
	if (side->text[0] != '\0')
		pairs[n++] = value_member("witness", value_string(side->text));
	if (side->has_request)
		n += policy_request_pairs(&side->request, pairs + n);
	return (struct value){.type = VALUE_MAP, .length = n, .pairs = pairs};
}

/* Answers false where memory is out. */
static bool
print_json(const struct policy_diff *diff, enum policy_direction whole, struct arena *arena)
{
	struct value *items = arena_array(arena, diff->count, sizeof(*items));
	struct value_pair root_pairs[2];
	struct value root = {.type = VALUE_MAP, .length = 2, .pairs = root_pairs};
	SCOPED_FREE char *text = NULL;

	for (uint32_t i = 0; items != NULL && i < diff->count; i++) {
		const struct policy_dimension *dimension = &diff->items[i];
		struct value_pair *pairs = arena_array(arena, 4, sizeof(*pairs));

		if (pairs == NULL)
			return false;
		pairs[0] = value_member("dimension", value_string(dimension->name));
		pairs[1] = value_member("direction",
		    value_string(policy_direction_name(policy_dimension_direction(dimension))));
		pairs[2] = value_member("opened", side_value(arena, &dimension->opened));
		pairs[3] = value_member("closed", side_value(arena, &dimension->closed));
		items[i] = (struct value){.type = VALUE_MAP, .length = 4, .pairs = pairs};
	}
	if (items == NULL)
		return false;
	root_pairs[0] = value_member("direction", value_string(policy_direction_name(whole)));
	root_pairs[1] = value_member("dimensions",
	    (struct value){.type = VALUE_ARRAY, .length = diff->count, .items = items});
	text = json_write(&root, JSON_STYLE_PRETTY, NULL);
	if (text != NULL)
		puts(text);
	return text != NULL;
}

static int
show(const struct policy_options *options, const struct policy_diff *diff)
{
	enum policy_direction whole = policy_diff_direction(diff);
	struct arena arena;
	bool printed = true;

	arena_init(&arena, SIZE_MAX / 2);
	if (options->json)
		printed = print_json(diff, whole, &arena);
	else
		print_text(options, diff, whole);
	arena_clear(&arena);
	if (!printed)
		return CLI_INTERNAL;
	return options->fail_on_widen && (whole == POLICY_WIDENS || whole == POLICY_BOTH)
		   ? POLICY_EXIT_WIDENS
		   : CLI_OK;
}

int
policy_diff_act(const struct policy_options *options)
{
	struct policy_source old, new;
	struct policy_diff diff;
	int r = policy_common_open(options->files[0], &old);

	if (r != CLI_OK)
		return r;
	r = policy_common_open(options->files[1], &new);
	if (r == CLI_OK) {
		if (policy_diff(old.policy, new.policy, &diff) == ERR_OK) {
			r = show(options, &diff);
			policy_diff_done(&diff);
		} else {
			fprintf(stderr, "praxa policy diff: out of memory\n");
			r = CLI_INTERNAL;
		}
		policy_source_done(&new);
	}
	policy_source_done(&old);
	return r;
}

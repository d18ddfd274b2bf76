/* Every small request there is. */
#include <stdio.h>

#include "tests/policy/random_policy.h"

enum { STRINGS = 13 };

/* Small values, once. */
struct universe {
	struct value strings[STRINGS], numbers[5], lists[7], confidences[3];
	struct value items[4][2];
	char bytes[STRINGS][3];
};

static void
fill(struct universe *u)
{
	static const char letters[] = "ab/";
	uint32_t n = 1;

	*u = (struct universe){.numbers = {
				   {.type = VALUE_INT, .integer = 0},
				   {.type = VALUE_INT, .integer = 1},
				   {.type = VALUE_INT, .integer = 3},
				   {.type = VALUE_REAL, .real = 1.5},
				   {.type = VALUE_REAL, .real = 2.0},
			       }};
	for (unsigned i = 0; i < 3; i++) {
		u->bytes[n++][0] = letters[i];
		for (unsigned j = 0; j < 3; j++, n++) {
			u->bytes[n][0] = letters[i];
			u->bytes[n][1] = letters[j];
		}
	}
	for (n = 0; n < STRINGS; n++)
		u->strings[n] = value_string(u->bytes[n]);
	for (n = 0; n < 4; n++) {
		u->items[n][0] = u->strings[n];
		u->items[n][1] = u->strings[1 + n % 2];
	}
	u->confidences[0] = (struct value){.type = VALUE_REAL, .real = 0.4};
	u->confidences[1] = (struct value){.type = VALUE_REAL, .real = 0.5};
	u->confidences[2] = (struct value){.type = VALUE_INT, .integer = 1};
	u->lists[0] = (struct value){.type = VALUE_ARRAY};
	for (n = 0; n < 6; n++)
		u->lists[n + 1] = (struct value){
		    .type = VALUE_ARRAY, .length = 1 + n / 4, .items = u->items[n % 4]};
}

static uint32_t
add(struct value_pair *pairs, uint32_t n, const char *name, const struct value *value)
{
	if (value != NULL)
		pairs[n++] = (struct value_pair){value_string(name), *value};
	return n;
}

/* The value by index in the strings, numbers and lists; NULL: not there. */
static const struct value *
any_value(const struct universe *u, uint32_t index)
{
	if (index < STRINGS)
		return &u->strings[index];
	if (index < STRINGS + 5)
		return &u->numbers[index - STRINGS];
	return index < STRINGS + 12 ? &u->lists[index - STRINGS - 5] : NULL;
}

struct visiting {
	bool (*visit)(void *context, const struct policy_request *request);
	void *context;
	struct universe universe;
	bool stopped;
};

static void
visit(struct visiting *v, const struct policy_request *request)
{
	v->stopped = v->stopped || !v->visit(v->context, request);
}

static void
visit_triggers(struct visiting *v)
{
	for (uint32_t i = 0; i <= STRINGS + 12 && !v->stopped; i++)
		for (uint32_t j = 0; j <= STRINGS + 12; j++)
			for (unsigned event = 0; event < 2; event++) {
				struct value_pair pairs[2];
				struct value input = {.type = VALUE_MAP, .pairs = pairs};
				struct policy_request request = {.action = POLICY_TRIGGER,
				    .workspace = "ws_acme",
				    .name = "cli",
				    .event = event == 0 ? "e" : "f",
				    .input = &input};

				input.length = add(pairs, 0, "x", any_value(&v->universe, i));
				input.length =
				    add(pairs, input.length, "y", any_value(&v->universe, j));
				visit(v, &request);
			}
}

static void
visit_calls(struct visiting *v)
{
	const struct universe *u = &v->universe;

	for (uint32_t x = 0; x <= STRINGS && !v->stopped; x++)
		for (uint32_t rest = 0; rest < 6 * 8 * 5; rest++) {
			uint32_t n = rest % 6, l = rest / 6 % 8, p = rest / 48;
			struct value_pair pairs[3], payload[2];
			struct value args = {.type = VALUE_MAP, .pairs = pairs};
			struct value input = {.type = VALUE_MAP, .pairs = payload};
			struct policy_request request = {.action = POLICY_TOOL,
			    .workspace = "ws_acme",
			    .name = "t.a",
			    .args = &args,
			    .input = &input,
			    .confidence = n < 5 ? &u->confidences[n % 3] : NULL};

			args.length = add(pairs, 0, "x", x < STRINGS ? &u->strings[x] : NULL);
			args.length = add(pairs, args.length, "m", n < 5 ? &u->numbers[n] : NULL);
			args.length = add(pairs, args.length, "l", l < 7 ? &u->lists[l] : NULL);
			input.length = add(payload, 0, "x", p < 4 ? &u->strings[p] : NULL);
			input.length = add(payload, input.length, "y", &u->strings[1 + p % 2]);
			visit(v, &request);
		}
}

/* A few calls, after every small use of what they count toward. */
static void
visit_usage(struct visiting *v)
{
	for (uint32_t i = 0; i < 3 * 4 * 4 * 4 * 4 * 4 && !v->stopped; i++) {
		/* 1: a, 5: b; see fill. */
		const struct value *x =
		    i % 3 == 0 ? NULL : &v->universe.strings[i % 3 == 1 ? 1 : 5];
		struct value_pair pairs[1], payload[2];
		struct value args = {.type = VALUE_MAP, .pairs = pairs};
		struct value input = {.type = VALUE_MAP, .pairs = payload};
		const struct policy_usage usage = {
		    .tool = {i / 3 % 4, i / 12 % 4, i / 48 % 4},
		    .budget[POLICY_BUDGET_RUN_CALLS] = i / 192 % 4,
		    .budget[POLICY_BUDGET_DAY_CALLS] = i / 768,
		};
		const struct policy_request request = {.action = POLICY_TOOL,
		    .workspace = "ws_acme",
		    .name = "t.a",
		    .args = &args,
		    .input = &input,
		    .usage = &usage};

		args.length = add(pairs, 0, "x", x);
		input.length = add(payload, 0, "x", x);
		input.length = add(payload, input.length, "y", x);
		visit(v, &request);
	}
}

static void
visit_keys(struct visiting *v)
{
	static const char *const keys[] = {"a", "b", "a/a", "a/b", "b/a", "b/b", "a/a/a", "a/b/a",
	    "b/a/b", "ab", "ab/a", "c", "c/a", "a.b", "c/c/a", "aa/b", "b/c", "a/c"};
	const struct universe *u = &v->universe;

	for (uint32_t i = 0; i < ARRAY_SIZE(keys) && !v->stopped; i++)
		for (uint32_t p = 0; p < 3 * 4 * 2; p++) {
			struct value_pair payload[2];
			struct value input = {.type = VALUE_MAP, .pairs = payload};
			char key[64];
			struct policy_request request = {
			    .action = p % 2 == 0 ? POLICY_MEMORY_READ : POLICY_MEMORY_WRITE,
			    .workspace = "ws_acme",
			    .name = key,
			    .input = &input};
			uint32_t x = p / 2 % 4, y = p / 8;

			snprintf(key, sizeof(key), "ws/ws_acme/%s", keys[i]);
			/* 1: a, 2: aa, 5: b; see fill. */
			input.length =
			    add(payload, 0, "x", x == 0 ? NULL : &u->strings[x == 3 ? 5 : x]);
			input.length = add(payload, input.length, "y",
			    y == 0 ? NULL : &u->strings[y == 2 ? 5 : y]);
			visit(v, &request);
		}
}

static void
visit_subagents(struct visiting *v)
{
	static const char *const names[] = {"s0", "s1", "s"}, *const tools[] = {NULL, "t.a", "t.b"};

	for (uint32_t i = 0; i < 3 * 3 * 5 * 5 && !v->stopped; i++) {
		const struct policy_usage usage = {.dispatched = i / 45};
		const struct policy_request request = {.action = POLICY_SUBAGENT,
		    .workspace = "ws_acme",
		    .name = names[i % 3],
		    .tool = tools[i / 3 % 3],
		    .depth = i / 9 % 5,
		    .usage = &usage};

		visit(v, &request);
	}
}

static void
visit_models(struct visiting *v)
{
	static const char *const providers[] = {"anthropic", "bedrock", "vertex", "other"};
	static const char *const regions[] = {NULL, "r1", "r2"};

	for (uint32_t i = 0; i < 4 * 3 * STRINGS && !v->stopped; i++) {
		const struct policy_request request = {.action = POLICY_MODEL,
		    .workspace = "ws_acme",
		    .name = v->universe.bytes[i / 12],
		    .provider = providers[i % 4],
		    .region = regions[i / 4 % 3]};

		visit(v, &request);
	}
}

void
random_requests(bool (*each)(void *context, const struct policy_request *request), void *context)
{
	struct visiting v = {.visit = each, .context = context};

	fill(&v.universe);
	visit_triggers(&v);
	visit_calls(&v);
	visit_usage(&v);
	visit_keys(&v);
	visit_subagents(&v);
	visit_models(&v);
}

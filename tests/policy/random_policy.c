#include "tests/policy/random_policy.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/policy/fixture.h"

enum { TEXT_MAX = 4096, STRINGS = 13 };

/* What a policy is drawn as: parts that can be drawn anew one by one. */
struct draft {
	uint64_t seeds[5]; /* manifest, trigger, tool, read, write */
};

struct text {
	char bytes[TEXT_MAX];
	size_t used;
};

uint32_t
random_draw(struct random *random, uint32_t bound)
{
	/* splitmix64 */
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) % bound);
}

static void PRINTF_LIKE(2, 3) say(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->used += (size_t)vsnprintf(
	    text->bytes + text->used, sizeof(text->bytes) - text->used, format, args);
	va_end(args);
}

#define PICK(random, list) ((list)[random_draw((random), ARRAY_SIZE(list))])

static const char *const globs[] = {
    "*", "**", "a*", "*b", "a/*", "**/b", "*a*", "a**", "b", "ab", "*/*", "a*b"};
static const char *const texts[] = {"a", "b", "ab", "/", "a/", "aa"};

static void
say_text_operator(struct random *random, struct text *text, const char *path)
{
	switch (random_draw(random, 9)) {
	case 0:
	case 1:
		say(text, "glob: \"%s\"", PICK(random, globs));
		break;
	case 2:
		say(text, "prefix: \"%s\"", PICK(random, texts));
		break;
	case 3:
		say(text, "suffix: \"%s\"", PICK(random, texts));
		break;
	case 4:
		say(text, "eq: \"%s\"", PICK(random, texts));
		break;
	case 5:
		say(text, "in: [ \"%s\", \"%s\" ]", PICK(random, texts), PICK(random, texts));
		break;
	case 6:
		say(text, "len: { min: %u }", random_draw(random, 3));
		break;
	case 7:
		say(text, "len: { max: %u }", random_draw(random, 3));
		break;
	default:
		say(text, "equals_trigger: %s", path);
		break;
	}
}

static void
say_number_operator(struct random *random, struct text *text)
{
	static const char *const numbers[] = {"0", "1", "2", "1.5", "2.0"};

	switch (random_draw(random, 5)) {
	case 0:
		say(text, "eq: %s", PICK(random, numbers));
		break;
	case 1:
		say(text, "in: [ %s, %s ]", PICK(random, numbers), PICK(random, numbers));
		break;
	case 2:
		say(text, "range: { min: %s }", PICK(random, numbers));
		break;
	case 3:
		say(text, "range: { max: %s }", PICK(random, numbers));
		break;
	default:
		say(text, random_draw(random, 2) ? "type: integer" : "type: number");
		break;
	}
}

/* A constraint on something that kind says: s text, n number, l list, v anything. */
static void
say_constraint(struct random *random, struct text *text, char kind, const char *path)
{
	uint32_t count = 1 + random_draw(random, 2);

	if (kind == 'v')
		kind = "snl"[random_draw(random, 3)];
	say(text, "{ ");
	if (random_draw(random, 12) == 0) {
		say(text, "absent: true }");
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			say(text, ", ");
		if (kind == 's') {
			say_text_operator(random, text, path);
		} else if (kind == 'n') {
			say_number_operator(random, text);
		} else if (random_draw(random, 3) == 0) {
			say(text, "len: { m%s: %u }", random_draw(random, 2) ? "in" : "ax",
			    random_draw(random, 3));
		} else {
			say(text, "each: { ");
			say_text_operator(random, text, path);
			say(text, " }");
		}
	}
	say(text, "%s }", random_draw(random, 3) == 0 ? ", optional: true" : "");
}

static void
say_manifest(struct random *random, struct text *text)
{
	uint32_t loose = random_draw(random, 3);

	say(text,
	    "tools: 1\nintegration: t\nbundle: { path: t, digest: sha256:%064d }\ntool:\n"
	    "  t.a:\n    summary: s\n    run: [ /a ]\n    profile: shell\n    arguments:\n",
	    0);
	if (random_draw(random, 4) == 0)
		say(text, "      required: [ x ]\n");
	say(text, "      properties:\n        x: { type: string%s }\n",
	    loose == 0 ? ", maxLength: 2" : "");
	say(text, "        m: { type: %s%s }\n", random_draw(random, 3) == 0 ? "number" : "integer",
	    random_draw(random, 3) == 0 ? ", maximum: 2" : "");
	say(text, "        l: { type: array, items: { type: string%s } }\n",
	    random_draw(random, 3) == 0 ? ", minLength: 1" : "");
}

static void
say_triggers(struct random *random, struct text *text)
{
	static const char *const paths[] = {"$.x", "$.y", "$.x.z", "$.x[0]"};
	uint32_t rules = 1 + random_draw(random, 3);

	say(text, "trigger:\n");
	for (uint32_t i = 0; i < rules; i++) {
		uint32_t fields = random_draw(random, 3), first = random_draw(random, 2);

		say(text, "  - source: cli\n    event: %s\n",
		    random_draw(random, 3) == 0 ? "[ e, f ]" : "e");
		if (fields > 0)
			say(text, "    where:\n");
		for (uint32_t j = 0; j < fields; j++) {
			uint32_t field = j == 0                        ? first
					 : random_draw(random, 6) == 0 ? 2 + random_draw(random, 2)
								       : 1 - first;

			say(text, "      %s: ", paths[field]);
			say_constraint(random, text, random_draw(random, 3) == 0 ? 'v' : 's',
			    paths[field == 0]);
			say(text, "\n");
		}
	}
}

static void
say_tool(struct random *random, struct text *text)
{
	static const struct {
		const char *name;
		char kind;
	} arguments[] = {{"x", 's'}, {"m", 'n'}, {"l", 'l'}};
	uint32_t which = random_draw(random, 12);

	if (which == 0)
		return;
	say(text, "tools:\n  t.a:\n    allow:%s\n", which == 1 ? " {}" : "");
	for (uint32_t i = 0; which > 1 && i < ARRAY_SIZE(arguments); i++) {
		if (random_draw(random, 3) == 0 && i > 0)
			continue;
		say(text, "      %s: ", arguments[i].name);
		say_constraint(
		    random, text, arguments[i].kind, random_draw(random, 2) ? "$.x" : "$.y");
		say(text, "\n");
	}
	if (random_draw(random, 12) == 0)
		say(text, "    deny: always\n");
}

static void
say_patterns(struct random *random, struct text *text, const char *name)
{
	static const char *const tails[] = {"**", "*", "a", "a/*", "*/a", "{x}", "{x}/**", "{y}/a",
	    "a/**", "{x}/{y}", "a*", "**/a", "{x}/*", "b/**", "a.*"};
	uint32_t count = random_draw(random, 4);

	say(text, "  %s: [", name);
	for (uint32_t i = 0; i < count; i++)
		say(text, "%s \"ws/{workspace}/%s\"", i > 0 ? "," : "", PICK(random, tails));
	say(text, " ]\n");
}

/* ret_text: the policy's file, heap memory of the caller's; NULL: it is not wanted. */
static struct policy *
load(const struct draft *draft, char **ret_text)
{
	struct random random[5];
	struct text policy = {.used = 0}, manifest = {.used = 0};
	struct fixture_file files[2] = {{.name = "policy"}, {.name = "manifest/t.yaml"}};
	struct policy_problems problems;
	struct policy *ret = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(random); i++)
		random[i].state = draft->seeds[i];
	say_manifest(&random[0], &manifest);
	say(&policy,
	    "policy: 1\nskill: s\nowner: { team: t }\nmanifests: [ t.yaml ]\n"
	    "bundle: { path: s, digest: sha256:%064d, run: [ /a ] }\nsandbox: { profile: shell }\n",
	    0);
	say_triggers(&random[1], &policy);
	say_tool(&random[2], &policy);
	say(&policy, "memory:\n");
	say_patterns(&random[3], &policy, "read");
	say_patterns(&random[4], &policy, "write");
	files[0].text = policy.bytes;
	files[0].length = policy.used;
	files[1].text = manifest.bytes;
	files[1].length = manifest.used;
	if (getenv("PRAXA_POLICY_SHOW") != NULL)
		fprintf(stderr, "%s---\n%s===\n", policy.bytes, manifest.bytes);
	if (fixture_load(files, 2, "random", &ret, &problems) == ERR_OK) {
		if (ret_text != NULL)
			*ret_text = strdup(policy.bytes);
		return ret;
	}
	if (getenv("PRAXA_POLICY_SHOW") != NULL)
		fprintf(stderr, "%s\n", problems.items[0].message);
	return NULL;
}

static uint64_t
seed(struct random *random)
{
	return (uint64_t)random_draw(random, UINT32_MAX) << 32 | random_draw(random, UINT32_MAX);
}

static struct policy *
draw(struct random *random, struct draft *draft, char **ret_text)
{
	struct policy *policy;

	do {
		for (unsigned i = 0; i < ARRAY_SIZE(draft->seeds); i++)
			draft->seeds[i] = seed(random);
	} while ((policy = load(draft, ret_text)) == NULL);
	return policy;
}

void
random_pair(struct random *random, struct policy *pair[2])
{
	struct draft draft, other;

	pair[0] = draw(random, &draft, NULL);
	if (random_draw(random, 2) == 0) {
		pair[1] = draw(random, &other, NULL);
		return;
	}
	do {
		other = draft;
		other.seeds[random_draw(random, ARRAY_SIZE(other.seeds))] = seed(random);
	} while ((pair[1] = load(&other, NULL)) == NULL);
}

struct policy *
random_policy(struct random *random, char **ret_text)
{
	struct draft draft;

	return draw(random, &draft, ret_text);
}

/* Small values, once. */
struct universe {
	struct value strings[STRINGS], numbers[5], lists[7];
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
			    .input = &input};

			args.length = add(pairs, 0, "x", x < STRINGS ? &u->strings[x] : NULL);
			args.length = add(pairs, args.length, "m", n < 5 ? &u->numbers[n] : NULL);
			args.length = add(pairs, args.length, "l", l < 7 ? &u->lists[l] : NULL);
			input.length = add(payload, 0, "x", p < 4 ? &u->strings[p] : NULL);
			input.length = add(payload, input.length, "y", &u->strings[1 + p % 2]);
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

void
random_requests(bool (*each)(void *context, const struct policy_request *request), void *context)
{
	struct visiting v = {.visit = each, .context = context};

	fill(&v.universe);
	visit_triggers(&v);
	visit_calls(&v);
	visit_keys(&v);
}

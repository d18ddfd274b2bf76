#include "bench/policy_rules.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io.h"

/* Tools of one manifest: as many as it may have, nearly. */
enum { PER_MANIFEST = 250, MANIFESTS = 16, LEAN_ARGUMENTS = 4, TEXT_ROOM = 1 << 20 };

struct text {
	char *bytes;
	size_t used;
};

static void
give_up(const char *what)
{
	fprintf(stderr, "policy: %s\n", what);
	exit(1);
}

static struct text
new_text(void)
{
	struct text text = {.bytes = malloc(TEXT_ROOM)};

	if (text.bytes == NULL)
		give_up("out of memory");
	return text;
}

static void PRINTF_LIKE(2, 3) say(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->bytes + text->used, TEXT_ROOM - text->used, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= TEXT_ROOM - text->used)
		give_up("the text has no room");
	text->used += (size_t)n;
}

static void
tool_name(char to[16], unsigned index)
{
	snprintf(to, 16, "%c.%u", 'a' + (int)(index / PER_MANIFEST), index % PER_MANIFEST);
}

static bool
is_denied(enum rules_kind kind, unsigned index)
{
	return kind == RULES_RICH && index % 4 == 3;
}

static struct text
manifest_text(enum rules_kind kind, unsigned manifest, unsigned count)
{
	struct text text = new_text();

	say(&text, "tools: 1\nintegration: %c\nbundle: { path: t, digest: sha256:%064d }\ntool:\n",
	    'a' + (int)manifest, 0);
	for (unsigned i = manifest * PER_MANIFEST; i < count && i < (manifest + 1) * PER_MANIFEST;
	     i++) {
		char name[16];

		tool_name(name, i);
		say(&text, "  %s: { summary: s, run: [ /a ], profile: shell, arguments: { ", name);
		say(&text, kind == RULES_RICH
			       ? "required: [ repo, number ], properties: { repo: { type: string "
				 "}, number: { type: integer }, verdict: { type: string }, count: "
				 "{ type: integer }, path: { type: string } } } }\n"
			       : "properties: { p: { type: string }, q: { type: string }, r: { "
				 "type: string }, s: { type: string } } } }\n");
	}
	return text;
}

static void
say_rule(struct text *text, enum rules_kind kind, unsigned index, unsigned variant)
{
	char name[16];

	tool_name(name, index);
	if (is_denied(kind, index))
		say(text, "%s: {deny: always}\n", name);
	else if (kind == RULES_LEAN)
		say(text,
		    "%s: { allow: { p: { eq: a }, q: { prefix: a }, r: { suffix: a }, s: { glob: "
		    "a* "
		    "} } }\n",
		    name);
	else
		say(text,
		    "%s: { allow: { repo: { equals_trigger: $.repo }, number: { equals_trigger: "
		    "$.number }, verdict: { in: [ comment, request ] }, count: { range: { min: 0, "
		    "max: %u }, optional: true }, path: { prefix: src/ } } }\n",
		    name, 20 + variant);
}

static unsigned
count_manifests(unsigned count)
{
	return (count + PER_MANIFEST - 1) / PER_MANIFEST;
}

static struct text
policy_text(enum rules_kind kind, unsigned count, unsigned variant)
{
	struct text text = new_text();

	say(&text,
	    "policy: 1\nskill: s\nowner: { team: t }\n"
	    "bundle: { path: s, digest: sha256:%064d, run: [ /a ] }\nsandbox: { profile: shell }\n"
	    "trigger: [ { source: cli, event: e } ]\nmanifests: [",
	    0);
	for (unsigned i = 0; i < count_manifests(count); i++)
		say(&text, "%s %c%u", i > 0 ? "," : "", 'a' + (int)i, count);
	say(&text, " ]\ntools:\n");
	for (unsigned i = 0; i < count; i++) {
		say(&text, " ");
		say_rule(&text, kind, i, variant);
	}
	return text;
}

struct rules
rules_new(enum rules_kind kind, unsigned wanted, unsigned variant)
{
	unsigned count =
	    kind == RULES_LEAN ? (wanted + LEAN_ARGUMENTS - 1) / LEAN_ARGUMENTS : wanted;
	unsigned manifests = count_manifests(count);
	struct text texts[1 + MANIFESTS] = {policy_text(kind, count, variant)};
	struct pack_file files[1 + MANIFESTS];
	char names[MANIFESTS][32];
	struct pack pack = {.files = files, .count = 1 + manifests};
	struct rules rules = {.kind = kind, .count = count};
	struct policy_problems problems;

	for (unsigned i = 0; i < manifests; i++) {
		snprintf(names[i], sizeof(names[i]), "manifest/%c%u", 'a' + (int)i, count);
		texts[1 + i] = manifest_text(kind, i, count);
	}
	for (unsigned i = 0; i <= manifests; i++) {
		/* Names of a pack are sorted: manifest/... before policy. */
		unsigned at = i < manifests ? i + 1 : 0;
		const char *name = i < manifests ? names[i] : "policy";

		files[i] = (struct pack_file){.name = name,
		    .name_length = (uint32_t)strlen(name),
		    .data = (const unsigned char *)texts[at].bytes,
		    .length = (uint32_t)texts[at].used};
	}
	if (policy_load(&pack, "bench", &rules.policy, &problems) != ERR_OK)
		give_up(problems.count > 0 ? problems.items[0].message : "out of memory");
	for (unsigned i = 0; i <= manifests; i++)
		free(texts[i].bytes);
	return rules;
}

void
rules_free(struct rules *rules)
{
	policy_free(&rules->policy);
}

char *
rules_cedar(unsigned count)
{
	struct text text = new_text();

	for (unsigned i = 0; i < count; i++) {
		char name[16];

		tool_name(name, i);
		if (is_denied(RULES_RICH, i))
			say(&text, "forbid(principal, action == Action::\"%s\", resource);\n",
			    name);
		else
			say(&text,
			    "permit(principal, action == Action::\"%s\", resource) when { "
			    "context.args.repo == context.trigger.repo && context.args.number == "
			    "context.trigger.number && [\"comment\", \"request\"].contains("
			    "context.args.verdict) && (!(context.args has count) || "
			    "(context.args.count >= 0 && context.args.count <= 20)) && "
			    "context.args.path like \"src/*\" };\n",
			    name);
	}
	return text.bytes;
}

static void
write_file(const char *dir, const char *name, struct text text)
{
	char path[256];
	SCOPED_FD fd = -1;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || io_write_full(fd, text.bytes, text.used) < 0)
		give_up("a policy cannot be written");
	free(text.bytes);
}

void
rules_write(unsigned count, unsigned variant, const char *dir, const char *name)
{
	char manifest[16];

	write_file(dir, name, policy_text(RULES_RICH, count, variant));
	for (unsigned i = 0; i < count_manifests(count); i++) {
		snprintf(manifest, sizeof(manifest), "%c%u", 'a' + (int)i, count);
		write_file(dir, manifest, manifest_text(RULES_RICH, i, count));
	}
}

struct policy *
rules_lists(unsigned count)
{
	struct text text = new_text();
	struct policy *policy = NULL;
	struct policy_problems problems;
	struct pack_file file = {.name = "policy", .name_length = 6};
	const struct pack pack = {.files = &file, .count = 1};

	say(&text,
	    "policy: 1\nskill: s\nowner: { team: t }\n"
	    "bundle: { path: s, digest: sha256:%064d, run: [ /a ] }\nsandbox: { profile: shell }\n"
	    "trigger:\n",
	    0);
	for (unsigned i = 0; i < count; i++)
		say(&text,
		    "- { source: cli, event: e, where: { $.repo: { glob: \"acme/%u-*\" }, $.n: { "
		    "range: { max: 9 } } } }\n",
		    i);
	say(&text, "memory:\n  read:\n");
	for (unsigned i = 0; i < count; i++)
		say(&text, "  - \"ws/{workspace}/skill/{repo}/%u/*/**\"\n", i);
	file.data = (const unsigned char *)text.bytes;
	file.length = (uint32_t)text.used;
	if (policy_load(&pack, "bench", &policy, &problems) != ERR_OK)
		give_up(problems.count > 0 ? problems.items[0].message : "out of memory");
	free(text.bytes);
	return policy;
}

void
rules_request(const struct rules *rules, unsigned n, struct rules_request *ret)
{
	/* Steps of a Weyl sequence: every tool comes, in no order that a cache would like. */
	unsigned index = (unsigned)((n * UINT64_C(2654435761) >> 7) % rules->count);
	static const char *const lean[LEAN_ARGUMENTS] = {"p", "q", "r", "s"};
	bool wrong = n % 4 == 1;
	uint32_t count = 0;

	tool_name(ret->name, index);
	if (rules->kind == RULES_LEAN) {
		for (; count < LEAN_ARGUMENTS; count++)
			ret->args_pairs[count] = value_member(lean[count],
			    value_string(wrong && count == LEAN_ARGUMENTS - 1 ? "b" : "a"));
	} else {
		ret->args_pairs[count++] = value_member("repo", value_string("acme/pay"));
		ret->args_pairs[count++] = value_member("number", value_integer(wrong ? 18 : 17));
		ret->args_pairs[count++] = value_member("verdict", value_string("request"));
		ret->args_pairs[count++] = value_member("count", value_integer(n % 20));
		ret->args_pairs[count++] = value_member("path", value_string("src/main/decide.c"));
	}
	ret->input_pairs[0] = value_member("repo", value_string("acme/pay"));
	ret->input_pairs[1] = value_member("number", value_integer(17));
	ret->args = (struct value){.type = VALUE_MAP, .length = count, .pairs = ret->args_pairs};
	ret->input = (struct value){.type = VALUE_MAP, .length = 2, .pairs = ret->input_pairs};
	ret->request = (struct policy_request){.action = POLICY_TOOL,
	    .workspace = "ws_acme",
	    .name = ret->name,
	    .args = &ret->args,
	    .input = &ret->input};
}

#include "policy/starter.h"

#include <stdio.h>

enum { COMMENT_WIDTH = 92 };

/* In double quotes; the reader knows no other escapes than these two. */
static void
put_quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* Text of others as a comment: it never ends its line, and is cut where it would be too long. */
static void
put_comment(FILE *out, const char *label, const char *text)
{
	size_t used = 0;

	if (text[0] == '\0')
		return;
	fprintf(out, "#   %s: ", label);
	for (; *text != '\0'; text++) {
		if (*text == '\n' || *text == '\r')
			continue;
		if (++used > COMMENT_WIDTH && *text == ' ') {
			fputs("\n#    ", out);
			used = 0;
		}
		putc(*text, out);
	}
	putc('\n', out);
}

static void
put_run(FILE *out, const struct policy_starter *starter)
{
	static const struct {
		const char *profile, *program, *argument;
	} suggested[] = {
	    {"python", "/usr/bin/python3", "/skill/main.py"},
	    {"node", "/usr/bin/node", "/skill/main.js"},
	    {"shell", "/bin/sh", "/skill/main.sh"},
	};

	fputs("  run: [ ", out);
	for (unsigned i = 0; starter->run[i] != NULL; i++) {
		fputs(i > 0 ? ", " : "", out);
		put_quoted(out, starter->run[i]);
	}
	if (starter->run[0] == NULL) {
		for (unsigned i = 0; i < ARRAY_SIZE(suggested); i++)
			if (strcmp(suggested[i].profile, starter->profile) == 0) {
				fprintf(
				    out, "%s, %s ]\n", suggested[i].program, suggested[i].argument);
				return;
			}
		fputs("/skill/main", out);
	}
	fputs(" ]\n", out);
}

static void
put_bundle(FILE *out, const struct policy_starter *starter)
{
	static const struct digest unknown;
	char digest[DIGEST_TEXT_MAX];

	digest_text(digest, starter->bundle != NULL ? starter->bundle : &unknown);
	fputs(
	    "bundle:                     # exactly these files, or nothing starts\n  path: ", out);
	put_quoted(out, starter->bundle_path);
	if (starter->bundle == NULL)
		fputs("\n  # praxa policy digest DIR prints it; nothing matches this one", out);
	fprintf(out, "\n  digest: %s\n", digest);
	put_run(out, starter);
}

/* A request is no permission. It stands in comments: a rule on a tool that no manifest has would
 * not load, and what no rule names is denied anyway. */
static void
put_request(FILE *out, const struct policy_skill_md *asks)
{
	fputs("\n# From SKILL.md, which is the bundle's own word and grants nothing:\n", out);
	put_comment(out, "description", asks->description);
	put_comment(out, "license", asks->license);
	put_comment(out, "compatibility", asks->compatibility);
	if (asks->tool_count == 0)
		return;
	fputs("# It asks for these tools (allowed-tools). Each is denied until a manifest has it "
	      "and a\n"
	      "# rule below allows it:\n",
	    out);
	for (uint32_t i = 0; i < asks->tool_count; i++)
		put_comment(out, "denied", asks->tools[i]);
}

static void
put_rules(FILE *out, const char *name)
{
	fprintf(out,
	    "\ntrigger:                    # what may start it; checked before anything runs\n"
	    "  - source: cli\n"
	    "    event: run\n"
	    "    # where: { $.repo: { glob: \"acme/*\" } }     # what the event's payload must be\n"
	    "\n"
	    "# It can call nothing yet. A manifest beside this file declares tools; a rule says "
	    "which\n"
	    "# arguments a call may have. `praxa policy explain` shows what is denied, and why.\n"
	    "# manifests: [ git.tools.yaml ]\n"
	    "# tools:\n"
	    "#   git.read.diff:\n"
	    "#     allow:\n"
	    "#       commit: { equals_trigger: $.commit }    # only the commit that woke it\n"
	    "#   git.push: { deny: always, why: \"pushing is a human act\" }\n"
	    "\n"
	    "memory:                     # no key yet; \"ws/{workspace}/%s/**\" would be its own\n"
	    "  read: []\n"
	    "  write: []\n"
	    "\n"
	    "budget: { run: { calls: 40, wall: 60s } }\n",
	    name);
}

static void
put_all(FILE *out, const struct policy_starter *starter)
{
	fprintf(out,
	    "# What the Skill %s may do. What no rule allows is denied, a deny beats every allow, "
	    "and\n"
	    "# order decides nothing. '*' stays inside one path segment, '**' crosses them.\n"
	    "policy: 1\nskill: \"%s\"\nowner: { team: ",
	    starter->name, starter->name);
	put_quoted(out, starter->team != NULL ? starter->team : "who-answers-for-it");
	fputs(" }\n\n", out);
	put_bundle(out, starter);
	if (starter->asks != NULL)
		put_request(out, starter->asks);
	put_rules(out, starter->name);
	fprintf(out,
	    "\nsandbox:\n"
	    "  profile: %s\n"
	    "  limits: { memory: 512MiB, processes: 32, tmp: 64MiB, cpu: 30s, output: 1MiB }\n"
	    "  # require: all            # refuse to run where one layer is missing, the cgroup "
	    "too\n",
	    starter->profile);
}

char *
policy_starter(const struct policy_starter *starter)
{
	size_t length = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &length);
	bool sound;

	if (out == NULL)
		return NULL;
	put_all(out, starter);
	sound = ferror(out) == 0;
	sound = fclose(out) == 0 && sound;
	if (sound)
		return text;
	free(text);
	return NULL;
}

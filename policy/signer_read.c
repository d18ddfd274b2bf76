#include "policy/signer_read.h"

#include <fnmatch.h>
#include <time.h>

#include "common/text.h"
#include "policy/sshsig.h"

#define BLANKS " \t\r"

/* What a line says, as text in the arena; "" where it says nothing. */
struct parts {
	char *principals, *options, *type, *key;
};

/* Options that are there. */
struct options {
	bool authority;
	const char *namespaces; /* NULL: any */
	int64_t after_s, before_s;
};

static char *
skip_blanks(char *at)
{
	return at + strspn(at, BLANKS);
}

/* Ends the word at *at, which may be in quotes, and moves behind it. NULL: a quote has no end. */
static char *
take_principals(char **at)
{
	bool quoted = **at == '"';
	char *word = *at + (quoted ? 1 : 0);
	char *end = word + strcspn(word, quoted ? "\"" : BLANKS);

	if (quoted && *end == '\0')
		return NULL;
	*at = end + (*end != '\0' ? 1 : 0);
	*end = '\0';
	return word;
}

/* The same for options: a blank in quotes belongs to them. */
static char *
take_options(char **at)
{
	char *word = *at, *end = word;
	bool quoted = false;

	for (; *end != '\0' && (quoted || strchr(BLANKS, *end) == NULL); end++)
		if (*end == '\\' && end[1] == '"')
			end++;
		else if (*end == '"')
			quoted = !quoted;
	*at = end + (*end != '\0' ? 1 : 0);
	*end = '\0';
	return quoted ? NULL : word;
}

static bool
is_key_type(const char *word)
{
	return strncmp(word, "ssh-", 4) == 0 || strncmp(word, "ecdsa-", 6) == 0 ||
	       strncmp(word, "sk-", 3) == 0;
}

static char *
take_word(char **at)
{
	char *word = skip_blanks(*at), *end = word + strcspn(word, BLANKS);

	*at = end + (*end != '\0' ? 1 : 0);
	*end = '\0';
	return word;
}

static enum err
split(char *line, struct parts *ret, struct fault *fault)
{
	static char none[] = "";
	char *at = skip_blanks(line);

	*ret = (struct parts){none, none, none, none};
	if (*at == '\0' || *at == '#')
		return ERR_OK;
	ret->principals = take_principals(&at);
	at = skip_blanks(at);
	if (ret->principals != NULL && !is_key_type(at))
		ret->options = take_options(&at);
	if (ret->principals == NULL || ret->options == NULL)
		return fault_set(fault, ERR_POLICY, "a quote has no end");
	ret->type = take_word(&at);
	ret->key = take_word(&at);
	if (ret->principals[0] == '\0' || ret->key[0] == '\0')
		return fault_set(fault, ERR_POLICY,
		    "expected PRINCIPAL [OPTIONS] KEY-TYPE KEY [COMMENT], as in: alice@example.com "
		    "namespaces=\"" POLICY_NAMESPACE "\" ssh-ed25519 AAAA…");
	return ERR_OK;
}

/* YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, local time or, with a Z behind, UTC. */
static bool
parse_time(const char *text, int64_t *ret)
{
	static const char shape[] = "00000000000000";
	struct tm tm = {.tm_isdst = -1}, same;
	size_t digits = strspn(text, "0123456789");
	bool utc = text[digits] == 'Z' || text[digits] == 'z';
	char padded[sizeof(shape)];
	time_t at;

	if ((digits != 8 && digits != 12 && digits != 14) || text[digits + (utc ? 1 : 0)] != '\0')
		return false;
	memcpy(padded, shape, sizeof(shape));
	memcpy(padded, text, digits);
	if (strptime(padded, "%Y%m%d%H%M%S", &tm) == NULL)
		return false;
	same = tm;
	at = utc ? timegm(&tm) : mktime(&tm);
	/* The 31st of February is no day, and 1970 would mean "at any time". */
	if (same.tm_mday != tm.tm_mday || same.tm_mon != tm.tm_mon || at <= 0)
		return false;
	*ret = (int64_t)at;
	return true;
}

static enum err
set_time(const char *name, const char *value, int64_t *to, struct fault *fault)
{
	if (!parse_time(value, to))
		return fault_set(fault, ERR_POLICY,
		    "%s=\"%.32s\" is no time; expected YYYYMMDD or YYYYMMDDHHMM[SS], and Z for UTC",
		    name, value);
	return ERR_OK;
}

/* name is an option's, value what stands in its quotes, NULL: nothing. */
static enum err
set_option(struct options *options, const char *name, const char *value, struct fault *fault)
{
	bool flag = strcasecmp(name, "cert-authority") == 0;

	if (flag && value == NULL) {
		options->authority = true;
		return ERR_OK;
	}
	if (flag || value == NULL)
		return fault_set(fault, ERR_POLICY, "the option %.32s %s", name,
		    flag ? "takes no value" : "is unknown, or its value is not in quotes");
	if (strcasecmp(name, "namespaces") == 0 && options->namespaces == NULL && *value != '\0') {
		options->namespaces = value;
		return ERR_OK;
	}
	if (strcasecmp(name, "valid-after") == 0 && options->after_s == 0)
		return set_time("valid-after", value, &options->after_s, fault);
	if (strcasecmp(name, "valid-before") == 0 && options->before_s == 0)
		return set_time("valid-before", value, &options->before_s, fault);
	return fault_set(fault, ERR_POLICY,
	    "the option %.32s is unknown, empty or given twice; expected one of: namespaces "
	    "valid-after "
	    "valid-before",
	    name);
}

/* name or name="value", behind a comma but for the first. */
static enum err
read_options(char *at, struct options *ret, struct fault *fault)
{
	while (*at != '\0') {
		char *name = at, *value = NULL;
		char last;
		enum err r;

		at += strcspn(at, "=,\"");
		last = *at;
		*at = '\0';
		if (last == '=' && at[1] == '"') {
			value = at + 2;
			at = value + strcspn(value, "\"\\");
			if (*at != '"')
				return fault_set(fault, ERR_POLICY,
				    "the option %.32s has a value without an end, or with a "
				    "backslash",
				    name);
			*at++ = '\0';
			last = *at;
		} else if (last != ',' && last != '\0') {
			return fault_set(fault, ERR_POLICY,
			    "the value of the option %.32s is not in quotes", name);
		}
		if (last != ',' && last != '\0')
			return fault_set(
			    fault, ERR_POLICY, "expected a comma behind the option %.32s", name);
		at += last == ',' ? 1 : 0;
		r = set_option(ret, name, value, fault);
		if (r != ERR_OK)
			return r;
	}
	if (ret->after_s != 0 && ret->before_s != 0 && ret->before_s <= ret->after_s)
		return fault_set(
		    fault, ERR_POLICY, "valid-before is not later than valid-after: never valid");
	return ERR_OK;
}

/* A list of patterns as OpenSSH has it: one that is negated and matches decides. */
static enum err
match_namespaces(struct arena *arena, const char *list, bool *ret_ours)
{
	*ret_ours = false;
	for (const char *rest = list; *rest != '\0';) {
		size_t length = strcspn(rest, ",");
		bool negated = *rest == '!';
		const char *pattern =
		    arena_copy(arena, rest + (negated ? 1 : 0), length - (negated ? 1 : 0));

		if (pattern == NULL)
			return ERR_INTERNAL;
		/* Brackets are text for OpenSSH: such a pattern cannot match our name. */
		if (strpbrk(pattern, "[]") == NULL &&
		    fnmatch(pattern, POLICY_NAMESPACE, FNM_NOESCAPE) == 0) {
			*ret_ours = !negated;
			if (negated)
				return ERR_OK;
		}
		rest += length + (rest[length] == ',' ? 1 : 0);
	}
	return ERR_OK;
}

/* People, not patterns: who signed must be somebody. */
static enum err
check_principals(const char *list, struct fault *fault)
{
	unsigned count = 0;

	if (strpbrk(list, "*?!") != NULL)
		return fault_set(fault, ERR_POLICY,
		    "\"%.64s\" is a pattern; name the person whose key it is", list);
	for (const char *rest = list;; count++) {
		size_t length = strcspn(rest, ",");

		if (length == 0 || length >= SIGNER_NAME_MAX || count == SIGNER_NAMES_MAX)
			return fault_set(fault, ERR_POLICY,
			    "expected 1 to %d principals with commas between, each of 1 to %d "
			    "bytes",
			    SIGNER_NAMES_MAX, SIGNER_NAME_MAX - 1);
		rest += length;
		if (*rest++ == '\0')
			return ERR_OK;
	}
}

static enum err
read_key(
    struct arena *arena, const struct parts *parts, struct policy_signer *ret, struct fault *fault)
{
	size_t length = strlen(parts->key);
	unsigned char *blob = arena_alloc(arena, length + 1);
	long bytes = blob != NULL ? text_unbase64(parts->key, length, blob, length) : 0;
	enum err r;

	if (blob == NULL)
		return ERR_INTERNAL;
	if (bytes < 0)
		return fault_set(fault, ERR_POLICY, "the key is no base64");
	r = policy_sshkey_parse((struct policy_bytes){blob, (size_t)bytes}, &ret->key, fault);
	if (r != ERR_OK)
		return r;
	if (strcmp(parts->type, policy_sshkey_type_name(ret->key.type)) != 0)
		return fault_set(fault, ERR_POLICY, "the key is a %s key, not a %.64s key",
		    policy_sshkey_type_name(ret->key.type), parts->type);
	policy_sshkey_fingerprint(&ret->key, ret->fingerprint);
	return ERR_OK;
}

enum err
policy_signer_read(struct arena *arena, const char *line, size_t length, struct policy_signer *ret,
    bool *ret_applies, struct fault *fault)
{
	char *copy = arena_alloc(arena, length + 1);
	struct options options = {0};
	struct parts parts;
	bool ours = true;
	enum err r;

	*ret_applies = false;
	if (copy == NULL)
		return ERR_INTERNAL;
	memcpy(copy, line, length);
	r = split(copy, &parts, fault);
	if (r == ERR_OK)
		r = read_options(parts.options, &options, fault);
	if (r == ERR_OK && options.namespaces != NULL)
		r = match_namespaces(arena, options.namespaces, &ours);
	if (r != ERR_OK || parts.key[0] == '\0' || !ours)
		return r;
	if (options.authority)
		return fault_set(fault, ERR_POLICY,
		    "cert-authority: certificates are not accepted; list the people's own keys");
	r = check_principals(parts.principals, fault);
	if (r == ERR_OK)
		r = read_key(arena, &parts, ret, fault);
	if (r != ERR_OK)
		return r;
	ret->name = parts.principals;
	ret->valid_after_s = options.after_s;
	ret->valid_before_s = options.before_s;
	*ret_applies = true;
	return ERR_OK;
}

#include "audit/verify.h"

#include <inttypes.h>

#include "audit/reader.h"

enum err
audit_verify_dir(const char *log_dir, const char *vkey_path, struct audit_verdict *ret,
    struct note_key *ret_key, struct fault *fault)
{
	struct audit_reader *reader = NULL;
	struct audit_scan_record record;
	enum audit_scan_state state;
	enum err r = audit_reader_open(log_dir, vkey_path, &reader, fault);

	if (r != ERR_OK)
		return r;
	do {
		do
			state = audit_reader_next(reader, &record);
		while (state == SCAN_RECORD);
		if (state == SCAN_END)
			state = audit_reader_finish(reader);
	} while (state == SCAN_RECORD);
	*ret = *audit_reader_verdict(reader);
	*ret_key = *audit_reader_key(reader);
	audit_reader_close(&reader);
	return ERR_OK;
}

static void
print_unproven(FILE *out, const struct audit_verdict *v, bool own_key)
{
	fprintf(out, "  not proven:\n");
	if (!own_key)
		fprintf(out, "    that the key is the right one: it came from the log's own folder "
			     "(--key FILE takes a copy kept elsewhere)\n");
	if (!v->anchored)
		fprintf(out, "    that nothing is missing at the end: there is no anchor\n");
	fprintf(out, "    that nobody was shown another log: not witnessed\n"
		     "    that a copy of the whole folder was not put back: not witnessed\n");
}

void
audit_verify_print(FILE *out, const struct audit_verdict *v, const struct note_key *key,
    bool own_key, bool colours)
{
	const struct audit_verdict_info *info = audit_verdict_info(v->code);
	const char *colour = !colours ? "" : v->code == AUDIT_OK ? "\033[32m" : "\033[31m";
	char root[DIGEST_TEXT_MAX], chain[DIGEST_TEXT_MAX];

	digest_text(root, &v->root);
	digest_text(chain, &v->chain);
	fprintf(out, "%s%s%s: %s\n", colour, info->name, colours ? "\033[0m" : "", info->meaning);
	if (v->code != AUDIT_OK)
		fprintf(out, "  where: %s at offset %" PRIu64 ", record %" PRIu64 "\n  why: %s\n",
		    v->place.segment[0] != '\0' ? v->place.segment : "the folder", v->place.offset,
		    v->place.index, v->why);
	fprintf(out,
	    "  proven%s:\n    %" PRIu64 " records in %" PRIu64 " commits and %" PRIu64
	    " segments, each record hashed and chained, each run's records complete up to here\n"
	    "    every commit signed by %s+%08x\n    root %s\n    chain %s\n",
	    v->code == AUDIT_OK ? "" : " before that place", v->size, v->groups, v->segments,
	    key->name, key->id, root, chain);
	if (v->anchored)
		fprintf(
		    out, "    the log reaches its anchor at %" PRIu64 " records\n", v->anchor_size);
	if (v->abandoned > 0)
		fprintf(out, "    %" PRIu64 " bytes behind failed writes are not part of the log\n",
		    v->abandoned);
	print_unproven(out, v, own_key);
}

struct texts {
	char root[DIGEST_TEXT_MAX], key_id[9];
};

static struct texts
texts_of(const struct audit_verdict *v, const struct note_key *key)
{
	struct texts texts;

	digest_text(texts.root, &v->root);
	snprintf(texts.key_id, sizeof(texts.key_id), "%08x", key->id);
	return texts;
}

enum err
audit_verify_print_json(FILE *out, const struct audit_verdict *v, const struct note_key *key,
    bool own_key, struct fault *fault)
{
	struct texts texts = texts_of(v, key);
	const struct value_pair pairs[] = {
	    {value_string("verdict"), value_string(audit_verdict_info(v->code)->name)},
	    {value_string("segment"), value_string(v->place.segment)},
	    {value_string("offset"), value_integer(v->place.offset)},
	    {value_string("index"), value_integer(v->place.index)},
	    {value_string("why"), value_string(v->why)},
	    {value_string("records"), value_integer(v->size)},
	    {value_string("commits"), value_integer(v->groups)},
	    {value_string("segments"), value_integer(v->segments)},
	    {value_string("root"), value_string(texts.root)},
	    {value_string("anchor"), value_integer(v->anchor_size)},
	    {value_string("anchored"), value_boolean(v->anchored)},
	    {value_string("live_runs"), value_integer(v->live_runs)},
	    {value_string("origin"), value_string(key->name)},
	    {value_string("key_id"), value_string(texts.key_id)},
	    {value_string("own_key"), value_boolean(own_key)},
	    {value_string("witnessed"), value_boolean(false)},
	};
	const struct value object = {
	    .type = VALUE_MAP, .length = ARRAY_SIZE(pairs), .pairs = pairs};

	return export_json(out, &object, JSON_STYLE_COMPACT, fault);
}

/* praxa policy verify: whether a policy has the signatures that an enforced install asks for. */
#include "policy/review.h"

#include <stdio.h>

#include "cli/cli.h"
#include "cli/policy_common.h"
#include "common/clock.h"
#include "common/json.h"

static enum err
on_allowed_signers(void *context, const char *value, struct fault *fault)
{
	(void)fault;
	((struct policy_options *)context)->allowed_signers = value;
	return ERR_OK;
}

const struct args_option policy_verify_rows[] = {
    {"allowed-signers", 's', "FILE", "who may sign (ssh-keygen(1), ALLOWED SIGNERS)",
	on_allowed_signers},
    {"json", 'j', NULL, "print one JSON object", policy_on_json},
    {"help", 'h', NULL, "this text", policy_on_help},
    {0},
};

static void
print_text(const char *path, const struct policy *policy, const struct policy_review *review,
    const char *digest)
{
	const struct policy_skill *skill = policy_skill(policy);

	printf("%s: skill %s, revision %llu, %s\n", path, skill->name,
	    (unsigned long long)review->revision, digest);
	for (uint32_t i = 0; i < review->count; i++) {
		const struct policy_signature *item = &review->items[i];

		if (item->counts)
			printf("  counts: %s: %s, %s %s\n", item->file, item->name, item->type,
			    item->fingerprint);
		else
			printf("  does not count: %s: %s %s\n", item->file, item->why,
			    item->fingerprint);
	}
	printf("signed by %u of %llu people\n", review->given, (unsigned long long)review->needed);
}

enum { SIGNATURE_PAIRS = 6, ROOT_PAIRS = 8 };

static struct value
describe(const struct policy_signature *item, struct value_pair pairs[SIGNATURE_PAIRS])
{
	pairs[0] = (struct value_pair){value_string("file"), value_string(item->file)};
	pairs[1] = (struct value_pair){value_string("counts"), value_boolean(item->counts)};
	pairs[2] = (struct value_pair){value_string("principal"), value_string(item->name)};
	pairs[3] = (struct value_pair){value_string("type"), value_string(item->type)};
	pairs[4] = (struct value_pair){value_string("key"), value_string(item->fingerprint)};
	pairs[5] = (struct value_pair){value_string("why"), value_string(item->why)};
	return (struct value){.type = VALUE_MAP, .length = SIGNATURE_PAIRS, .pairs = pairs};
}

static int
print_json(const struct policy *policy, const struct policy_review *review, const char *digest,
    bool approved, const struct fault *fault)
{
	struct value_pair inner[REVIEW_SIGNATURES_MAX][SIGNATURE_PAIRS];
	struct value items[REVIEW_SIGNATURES_MAX];
	struct value list = {.type = VALUE_ARRAY, .length = review->count, .items = items};
	const struct value_pair pairs[ROOT_PAIRS] = {
	    {value_string("skill"), value_string(policy_skill(policy)->name)},
	    {value_string("revision"), value_integer(review->revision)},
	    {value_string("digest"), value_string(digest)},
	    {value_string("approved"), value_boolean(approved)},
	    {value_string("needed"), value_integer(review->needed)},
	    {value_string("given"), value_integer(review->given)},
	    {value_string("signatures"), list},
	    {value_string("problem"), value_string(approved ? "" : fault->message)},
	};
	const struct value root = {.type = VALUE_MAP, .length = ROOT_PAIRS, .pairs = pairs};
	SCOPED_FREE char *text = NULL;

	for (uint32_t i = 0; i < review->count; i++)
		items[i] = describe(&review->items[i], inner[i]);
	text = json_write(&root, JSON_STYLE_PRETTY, NULL);
	if (text == NULL)
		return CLI_INTERNAL;
	printf("%s\n", text);
	return approved ? CLI_OK : err_info(fault->code)->exit_code;
}

static int
verify(const char *path, const struct policy_source *source, const struct policy_signers *signers,
    bool json)
{
	struct policy_review review = {0};
	struct fault fault = {0};
	int64_t now_s = (int64_t)(clock_realtime_ms(&clock_system) / 1000);
	enum err r = policy_review_check(path, source, signers, 0, now_s, &review, &fault);
	char digest[DIGEST_TEXT_MAX];
	int code = err_info(r)->exit_code;

	digest_text(digest, &review.file);
	if (r == ERR_INTERNAL)
		code = policy_common_fail(path, &fault);
	else if (json)
		code = print_json(source->policy, &review, digest, r == ERR_OK, &fault);
	else
		print_text(path, source->policy, &review, digest);
	if (r != ERR_OK && r != ERR_INTERNAL && !json)
		policy_common_fail(path, &fault);
	policy_review_done(&review);
	return code;
}

int
policy_verify_act(const struct policy_options *options)
{
	const char *path = options->files[0];
	struct policy_signers signers = {0};
	struct policy_source source;
	struct fault fault = {0};
	int code;

	if (options->allowed_signers == NULL) {
		fprintf(stderr, "praxa policy verify: --allowed-signers is missing\n");
		return CLI_USAGE;
	}
	if (policy_signers_open(options->allowed_signers, &signers, &fault) != ERR_OK)
		return policy_common_fail(path, &fault);
	code = policy_common_open(path, &source);
	if (code == CLI_OK) {
		code = verify(path, &source, &signers, options->json);
		policy_source_done(&source);
	}
	policy_signers_done(&signers);
	return code;
}

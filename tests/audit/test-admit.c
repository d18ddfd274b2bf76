#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "audit/admit.h"

static const char live[] = "rn_01JDF3Z0000000000000000000";
static const char other[] = "rn_01JDF3Z0000000000000000001";

static struct runs *
runs_with_one(void)
{
	struct audit_record record = {.kind = EVENT_RUN_ADMITTED, .skill = "sk_review"};
	struct runs *runs = runs_new();

	assert_non_null(runs);
	snprintf(record.run, sizeof(record.run), "%s", live);
	assert_int_equal(runs_apply(runs, &record, &(struct digest){{1}}, NULL), ERR_OK);
	return runs;
}

static enum err
admit(struct runs *runs, enum wire_role role, unsigned kind, const char *run, const char *skill)
{
	struct wire_audit_append append = {.kind = kind};

	snprintf(append.run, sizeof(append.run), "%s", run);
	snprintf(append.skill, sizeof(append.skill), "%s", skill);
	return audit_admit(&append, role, runs, NULL);
}

static void
who_may_record_what_is_decided_by_role_and_run(void **state)
{
	static const struct {
		enum wire_role role;
		unsigned kind;
		const char *run, *skill;
		enum err want;
	} rows[] = {
	    {WIRE_BROKER, EVENT_CALL_INTENT, live, "sk_review", ERR_OK},
	    {WIRE_BROKER, EVENT_DECISION, live, "sk_review", ERR_OK},
	    {WIRE_BROKER, EVENT_CALL_INTENT, other, "sk_review", ERR_RUN_ENDED},
	    {WIRE_BROKER, EVENT_CALL_INTENT, live, "sk_other", ERR_PROTOCOL},
	    {WIRE_BROKER, EVENT_CALL_INTENT, live, "", ERR_PROTOCOL},
	    {WIRE_BROKER, EVENT_CALL_INTENT, "", "sk_review", ERR_PROTOCOL},
	    {WIRE_BROKER, EVENT_RUN_ADMITTED, other, "sk_review", ERR_PROTOCOL},
	    {WIRE_BROKER, EVENT_RUN_ENDED, live, "sk_review", ERR_PROTOCOL},
	    {WIRE_BROKER, EVENT_PEER_REFUSED, "", "", ERR_OK},
	    {WIRE_BROKER, EVENT_PEER_REFUSED, live, "sk_review", ERR_OK},
	    {WIRE_BROKER, EVENT_PEER_REFUSED, other, "sk_review", ERR_RUN_ENDED},
	    {WIRE_SUPERVISOR, EVENT_RUN_ADMITTED, other, "sk_review", ERR_OK},
	    {WIRE_SUPERVISOR, EVENT_RUN_ADMITTED, live, "sk_review", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_RUN_ADMITTED, "", "sk_review", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_RUN_ADMITTED, other, "", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_RUN_STARTED, live, "sk_review", ERR_OK},
	    {WIRE_SUPERVISOR, EVENT_RUN_STARTED, other, "sk_review", ERR_RUN_ENDED},
	    {WIRE_SUPERVISOR, EVENT_RUN_REFUSED, "", "", ERR_OK},
	    {WIRE_SUPERVISOR, EVENT_RUN_REFUSED, other, "sk_review", ERR_OK},
	    {WIRE_SUPERVISOR, EVENT_POLICY_ACCEPTED, "", "sk_review", ERR_OK},
	    {WIRE_SUPERVISOR, EVENT_POLICY_REFUSED, "", "", ERR_OK},
	    {WIRE_SUPERVISOR, EVENT_POLICY_ACCEPTED, live, "sk_review", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_POLICY_REFUSED, other, "sk_review", ERR_PROTOCOL},
	    {WIRE_BROKER, EVENT_POLICY_ACCEPTED, "", "sk_review", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_CALL_INTENT, live, "sk_review", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_LOG_OPENED, "", "", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_RUN_REFUSED, "rn_../..", "", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_RUN_REFUSED, "", "sk_Review", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, EVENT_RUN_REFUSED, "", "review", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, 0, "", "", ERR_PROTOCOL},
	    {WIRE_SUPERVISOR, 4000000000U, "", "", ERR_PROTOCOL},
	};
	struct runs *runs = runs_with_one();

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		enum err got = admit(runs, rows[i].role, rows[i].kind, rows[i].run, rows[i].skill);

		if (got != rows[i].want)
			fail_msg("row %u: %s", i, err_name(got));
	}
	runs_free(&runs);
}

static void
texts_and_errors_are_checked(void **state)
{
	struct wire_audit_append append = {.kind = EVENT_RUN_REFUSED};
	struct runs *runs = runs_new();

	(void)state;
	append.error = ERR_BUDGET_EXCEEDED;
	assert_int_equal(audit_admit(&append, WIRE_SUPERVISOR, runs, NULL), ERR_OK);
	append.error = 9999;
	assert_int_equal(audit_admit(&append, WIRE_SUPERVISOR, runs, NULL), ERR_PROTOCOL);
	append.error = 0;
	memcpy(append.rule, "\xff", 2);
	assert_int_equal(audit_admit(&append, WIRE_SUPERVISOR, runs, NULL), ERR_PROTOCOL);
	runs_free(&runs);
}

static void
a_run_has_one_chain(void **state)
{
	struct runs *runs = runs_with_one();
	struct audit_record record = {.kind = EVENT_CALL_INTENT};

	(void)state;
	snprintf(record.run, sizeof(record.run), "%s", live);
	/* Neither fields that were not linked nor links of another place. */
	assert_int_equal(runs_apply(runs, &record, &(struct digest){{2}}, NULL), ERR_PROTOCOL);
	runs_link(runs, &record);
	assert_int_equal(record.run_seq, 1);
	assert_int_equal(runs_apply(runs, &record, &(struct digest){{2}}, NULL), ERR_OK);
	assert_int_equal(runs_apply(runs, &record, &(struct digest){{3}}, NULL), ERR_PROTOCOL);
	record.kind = EVENT_RUN_ENDED;
	runs_link(runs, &record);
	assert_int_equal(record.prev_in_run.bytes[0], 2);
	assert_int_equal(runs_apply(runs, &record, &(struct digest){{3}}, NULL), ERR_OK);
	assert_int_equal(runs_count(runs), 0);
	record.kind = EVENT_CALL_INTENT;
	runs_link(runs, &record);
	assert_int_equal(runs_apply(runs, &record, &(struct digest){{4}}, NULL), ERR_PROTOCOL);
	runs_free(&runs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_may_record_what_is_decided_by_role_and_run),
	    cmocka_unit_test(texts_and_errors_are_checked),
	    cmocka_unit_test(a_run_has_one_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

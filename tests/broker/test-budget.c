/* Budgets and limits beyond a run, through a whole broker. */
#include "broker/budget.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "tests/broker/stage.h"
#include "tests/lib/check.h"

#define DIFF "{\"tool\":\"git.read.diff\",\"arguments\":{\"commit\":\"1234567\"}}"
#define HOUR_MS UINT64_C(3600000)

/* The stage's policy with limits for its tool and other budgets. */
static const char *
policy_with(const char *limits, const char *budget)
{
	static const char rule[] = "commit: { equals_trigger: $.commit }\n";
	static char policy[2048];
	const char *text = stage_policy(), *at = strstr(text, rule) + sizeof(rule) - 1;
	const char *line = strstr(at, "budget:"), *after = strchr(line, '\n');

	snprintf(policy, sizeof(policy), "%.*s%s%.*sbudget: %s%s", (int)(at - text), text, limits,
	    (int)(line - at), at, budget, after);
	return policy;
}

static void
grant(struct stage *stage, unsigned number, const char *policy)
{
	char id[ID_MAX];
	unsigned before = stage->message_count;

	snprintf(id, sizeof(id), "rn_01ARZ3NDEKTSV4RRFFQ69%05u", number);
	stage_grant(stage, id, STAGE_WORKSPACE, policy, STAGE_INPUT);
	if (stage->intents == NULL)
		assert_int_equal(
		    stage_until_messages(stage, before + 1)->type, WIRE_TYPE_GRANT_READY);
}

static void
assert_works(struct stage *stage)
{
	unsigned before = stage->message_count;
	struct stage_reply reply;

	stage_call(stage, 1, "tool.call", DIFF);
	stage_tool_ends(stage, stage_until_messages(stage, before + 1), "{}", "", 0);
	reply = stage_reply(stage);
	assert_int_equal(reply.error.type, VALUE_NULL);
}

static void
assert_refused(struct stage *stage, const char *type, const char *rule)
{
	struct stage_reply reply = stage_ask(stage, "tool.call", DIFF);

	stage_assert_error(&reply, type);
	assert_string_equal(value_get(&reply.error, "rule")->string, rule);
	assert_true(value_get(&reply.error, "line")->integer > 0);
}

static void
restart(struct stage **stage, const char *policy)
{
	const uint64_t now = (*stage)->realtime_ms;
	char *dir = (*stage)->dir;

	(*stage)->dir = NULL;
	stage_free(stage);
	*stage = stage_new_in(dir);
	(*stage)->realtime_ms = now;
	grant(*stage, 9, policy);
}

static void
a_day_is_one_for_all_runs_and_survives_a_restart(void **state)
{
	const char *policy = policy_with("", "{ run: { calls: 2, wall: 60s }, day: { calls: 3 } }");
	struct stage *stage = stage_new_bare();

	(void)state;
	grant(stage, 1, policy);
	assert_works(stage);
	assert_works(stage);
	assert_refused(stage, "BudgetExceededError", "budget.run.calls");
	grant(stage, 2, policy);
	assert_works(stage);
	assert_refused(stage, "BudgetExceededError", "budget.day.calls");
	restart(&stage, policy);
	assert_refused(stage, "BudgetExceededError", "budget.day.calls");
	stage->realtime_ms += 24 * HOUR_MS;
	assert_works(stage);
	stage_free(&stage);
}

static void
an_hour_and_a_day_of_a_tool_end_with_the_clocks(void **state)
{
	const char *policy = policy_with(
	    "    limits: { per_hour: 1, per_day: 2 }\n", "{ run: { calls: 9, wall: 60s } }");
	struct stage *stage = stage_new_bare();

	(void)state;
	/* A quarter to a full hour, and the same to midnight. */
	stage->realtime_ms = UINT64_C(20781) * 24 * HOUR_MS + 22 * HOUR_MS + HOUR_MS / 4 * 3;
	grant(stage, 1, policy);
	assert_works(stage);
	assert_refused(stage, "RateLimitError", "tools.git.read.diff.limits.per_hour");
	stage->realtime_ms += HOUR_MS / 4 - 1;
	assert_refused(stage, "RateLimitError", "tools.git.read.diff.limits.per_hour");
	stage->realtime_ms += 1;
	assert_works(stage);
	restart(&stage, policy);
	stage->realtime_ms += HOUR_MS / 2;
	assert_refused(stage, "RateLimitError", "tools.git.read.diff.limits.per_hour");
	stage->realtime_ms += HOUR_MS / 2;
	assert_works(stage);
	stage_free(&stage);
}

static void
a_call_that_was_never_recorded_costs_nothing(void **state)
{
	const char *policy = policy_with("", "{ run: { calls: 1, wall: 60s }, day: { calls: 1 } }");
	struct stage *stage = stage_new_bare();
	struct stage_reply reply;

	(void)state;
	grant(stage, 1, policy);
	stage_audit_down(stage);
	reply = stage_ask(stage, "tool.call", DIFF);
	stage_assert_error(&reply, "AuditUnavailableError");
	stage_audit_up(stage);
	stage->refuse = stage->acked + 1;
	reply = stage_ask(stage, "tool.call", DIFF);
	stage_assert_error(&reply, "AuditUnavailableError");
	assert_works(stage);
	assert_refused(stage, "BudgetExceededError", "budget.run.calls");
	stage_free(&stage);
}

static void
a_call_whose_run_ends_with_its_intent_on_the_way_is_used(void **state)
{
	const char *policy = policy_with("", "{ run: { calls: 1, wall: 60s }, day: { calls: 1 } }");
	struct stage *stage = stage_new_bare();
	struct wire_grant_end end = {.reason = END_EXITED};

	(void)state;
	grant(stage, 1, policy);
	stage->hold = true;
	stage_call(stage, 1, "tool.call", DIFF);
	stage_until_records(stage, 1);
	memcpy(end.run, stage->broker->runs->grant.run, sizeof(end.run));
	stage_tell(stage, WIRE_TYPE_GRANT_END, 6, &end);
	stage_until_records(stage, 2);
	stage_release(stage);
	stage_settle(stage);
	stage->hold = false;
	grant(stage, 2, policy);
	assert_refused(stage, "BudgetExceededError", "budget.day.calls");
	stage_free(&stage);
}

enum { RUNS = 64, CALLS = 10000, BUDGET = 5000, KILLS = 12 };

/* What outlives a killed process. */
struct tally {
	unsigned intents, asked, refused, ends;
};

/* Every run asks once, again and again, until all have asked as often as they should. */
static void
ask_from_all_runs(struct tally *tally, char *dir, bool is_last)
{
	struct stage *stage = stage_new_in(dir);
	const char *policy =
	    policy_with("", "{ run: { calls: 5000, wall: 60s }, day: { calls: 5000 } }");
	int doors[RUNS];

	stage->intents = &tally->intents;
	for (unsigned i = 0; i < RUNS; i++) {
		grant(stage, i, policy);
		doors[i] = stage->skill;
		stage->skill = -1;
	}
	while (tally->asked < CALLS || (is_last && tally->refused == 0)) {
		for (unsigned i = 0; i < RUNS; i++) {
			stage->skill = doors[i];
			stage_call(stage, 1, "tool.call", DIFF);
			tally->asked++;
		}
		for (unsigned i = 0; i < RUNS; i++) {
			struct stage_reply reply;

			stage->skill = doors[i];
			reply = stage_reply(stage);
			if (reply.error.type != VALUE_NULL) {
				stage_assert_error(&reply, "BudgetExceededError");
				tally->refused++;
			}
		}
	}
	tally->ends++;
}

/* An alarm nobody handles ends a process as kill -9 does: at any instruction, without a word. */
static void
live_and_die(struct tally *tally, const char *dir, unsigned life)
{
	struct itimerval alarm = {.it_value.tv_usec = 20000 + 7919 * (suseconds_t)life % 90000};
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (life < KILLS)
			setitimer(ITIMER_REAL, &alarm, NULL);
		ask_from_all_runs(tally, strdup(dir), life == KILLS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM));
}

static void
runs_that_share_a_budget_never_overspend_it_whatever_is_killed(void **state)
{
	struct tally *tally =
	    mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *dir = check_tempdir();

	(void)state;
	assert_ptr_not_equal(tally, MAP_FAILED);
	for (unsigned life = 0; life <= KILLS; life++)
		live_and_die(tally, dir, life);
	print_message("# %u asked, %u recorded, %u refused, %u lives of %d ended by themselves\n",
	    tally->asked, tally->intents, tally->refused, tally->ends, KILLS + 1);
	assert_true(tally->asked >= CALLS && tally->refused > 0);
	assert_true(tally->intents <= BUDGET);
	/* What is missing died with its process, at most one call of each run. */
	assert_true(tally->intents + KILLS * RUNS >= BUDGET);
	munmap(tally, sizeof(*tally));
	check_tempdir_remove(&dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_day_is_one_for_all_runs_and_survives_a_restart),
	    cmocka_unit_test(an_hour_and_a_day_of_a_tool_end_with_the_clocks),
	    cmocka_unit_test(a_call_that_was_never_recorded_costs_nothing),
	    cmocka_unit_test(a_call_whose_run_ends_with_its_intent_on_the_way_is_used),
	    cmocka_unit_test(runs_that_share_a_budget_never_overspend_it_whatever_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

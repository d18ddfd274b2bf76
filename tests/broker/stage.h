/* stage.h - a real broker on a real loop, between a fake log, a fake supervisor and a fake Skill.
 * All live in this process and on one loop; nothing sleeps: the loop runs until what a test waits
 * for is there. */
#ifndef TESTS_BROKER_STAGE_H
#define TESTS_BROKER_STAGE_H

#include "broker/broker.h"
#include "common/arena.h"
#include "common/codec_scan.h"
#include "common/peer.h"
#include "common/value.h"

enum { STAGE_RECORDS_MAX = 2048, STAGE_MESSAGES_MAX = 64, STAGE_FDS = 3 };

#define STAGE_RUN "rn_01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define STAGE_WORKSPACE "ws_acme"
#define STAGE_INPUT "{\"repo\":\"pay\",\"commit\":\"1234567\"}"

/* What the log was asked to append. */
struct stage_record {
	struct wire_audit_append head;
	struct value body; /* in stage->arena */
	uint64_t serial;
};

/* What the supervisor was told. */
struct stage_message {
	enum wire_type type;
	uint64_t serial;
	union {
		struct wire_grant_refused refused;
		struct wire_grant_closed closed;
		struct wire_grant_violation violation;
		struct wire_tool_exec exec;
		struct wire_tool_cancel cancel;
	} body;
	int fds[STAGE_FDS];
};

struct stage_reply {
	uint32_t id;
	struct value error, result; /* in stage->arena */
};

struct stage {
	struct event_base *base;
	struct event *overdue; /* fails the test instead of hanging it */
	struct clock clock;
	uint64_t now_ns, realtime_ms;
	char *dir; /* removed with the stage; NULL: somebody else's */
	char audit_path[256], supervisor_path[256];
	struct broker *broker;
	struct peer_listener *audit_listener;
	struct peer *audit, *supervisor;
	bool hold; /* the log acknowledges nothing until stage_release */
	uint64_t held_from;
	/* Not NULL: no record and no message is kept, so that there may be any number of them;
	 * intents are counted here, and every tool works at once. */
	unsigned *intents;
	uint64_t refuse; /* the log refuses the record of this number, counted from 1 */
	struct stage_record records[STAGE_RECORDS_MAX];
	unsigned record_count, acked;
	struct stage_message messages[STAGE_MESSAGES_MAX];
	unsigned message_count;
	bool supervisor_closed;
	int skill; /* the Skill's end of the door; -1: none */
	struct buffer in;
	struct arena arena;
	struct digest source; /* of the last policy granted */
};

/* A stage with all four, and the grant of one run accepted. */
struct stage *stage_new(void);
/* A stage without a run. */
struct stage *stage_new_bare(void);
/* The same on a directory that is there, with what an earlier one has left in it. Takes dir. */
struct stage *stage_new_in(char *dir);
void stage_free(struct stage **stage);
/* Set-up and teardown of a test whose *state is a stage. */
int stage_set_up(void **state);
int stage_tear_down(void **state);

/* Runs the loop until something happened; after ten seconds of nothing the test fails. */
void stage_step(struct stage *stage);
/* Runs the loop until done(stage) is true. */
void stage_until(struct stage *stage, bool (*done)(struct stage *stage));
/* Runs the loop until nothing happens any more. */
void stage_settle(struct stage *stage);
/* Runs the loop until the log has been asked count times. */
void stage_until_records(struct stage *stage, unsigned count);
/* Runs the loop until the supervisor was told count times, and answers the last. */
struct stage_message *stage_until_messages(struct stage *stage, unsigned count);

/* Sends a grant for a run of id with this policy file text; its outcome is a message. */
void stage_grant(struct stage *stage, const char *id, const char *workspace, const char *policy,
    const char *input);
/* The policy of the stage's own run, and the same with a line replaced. */
const char *stage_policy(void);
void stage_tell(struct stage *stage, enum wire_type type, uint64_t serial, const void *body);

/* Sends [0, id, method, params], params as JSON text. */
void stage_call(struct stage *stage, uint32_t id, const char *method, const char *params);
void stage_send(struct stage *stage, const void *data, size_t length);
/* The next reply. */
struct stage_reply stage_reply(struct stage *stage);
/* Calls and takes the reply. */
struct stage_reply stage_ask(struct stage *stage, const char *method, const char *params);
/* The reply is this error, by name. */
void stage_assert_error(const struct stage_reply *reply, const char *type);
/* The value is this JSON. */
void stage_assert_json(const struct value *value, const char *json);
/* The last record is of this kind and tool. */
const struct stage_record *stage_last(struct stage *stage, enum event_kind kind, const char *tool);
/* Acknowledges what was held, and holds no more. */
void stage_release(struct stage *stage);
/* The log goes away, and comes back. */
void stage_audit_down(struct stage *stage);
void stage_audit_up(struct stage *stage);
/* Writes to the tool's stdout and stderr, closes them and says that it ended. */
void stage_tool_ends(struct stage *stage, const struct stage_message *exec, const char *out,
    const char *err, int status);

#endif

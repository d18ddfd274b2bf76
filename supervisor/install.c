#include "supervisor/install.h"

#include <stdio.h>

#include "common/log.h"
#include "policy/diff.h"
#include "supervisor/control.h"
#include "supervisor/install_read.h"
#include "supervisor/pool.h"
#include "supervisor/record.h"

enum { PATIENCE_SECONDS = 5, RETRY_SECONDS = 1 };

/* What a pass waits for. */
enum install_phase {
	INSTALL_IDLE = 0,  /* nothing: there is none */
	INSTALL_WAITING,   /* the log to take records; at the start only */
	INSTALL_READING,   /* its turn to read the next policy; in a reload only */
	INSTALL_RECORDING, /* the log's answers */
};

struct install {
	struct supervisor *supervisor;
	struct install_files files;
	struct install_item items[OPTIONS_POLICIES_MAX];
	unsigned count;
	enum install_phase phase;
	unsigned next;       /* READING: the item to read */
	unsigned unanswered; /* RECORDING */
	struct event *timer; /* the next item; at the start patience with the log, or another try */
	bool in_force, again, stopped;
	struct wire_control_reloaded result; /* of this reload */
};

static void begin_reload(struct install *install);

static void
set_timer(struct install *install, int seconds)
{
	const struct timeval delay = {seconds, 0};

	if (event_add(install->timer, &delay) < 0)
		log_line(LOG_LEVEL_ERROR, "policies: out of memory");
}

static const struct install_item *
first_refused(const struct install *install)
{
	for (unsigned i = 0; i < install->count; i++)
		if (install->items[i].fault.code != ERR_OK)
			return &install->items[i];
	return NULL;
}

static void
fail(struct install *install, const struct fault *why)
{
	install->supervisor->failure = *why;
	event_base_loopbreak(install->supervisor->base);
}

/* What is not proven not to narrow narrows. */
static bool
narrows(const struct policy *old, const struct policy *new)
{
	struct policy_diff diff;
	enum policy_direction direction;

	if (policy_diff(old, new, &diff) != ERR_OK)
		return true;
	direction = policy_diff_direction(&diff);
	policy_diff_done(&diff);
	return direction == POLICY_NARROWS || direction == POLICY_BOTH;
}

/* Ends the live runs that were started under more than the Skill may do now, if its policy wishes
 * so. Answers how many. */
static uint32_t
end_narrowed(struct supervisor *supervisor, const struct skill *skill)
{
	const struct policy *policy = skill->source.policy;
	const struct skill *compared = NULL;
	bool narrowed = false;
	struct fault why;
	uint32_t ended = 0;

	if (!policy_skill(policy)->ends_on_reload)
		return 0;
	fault_set(&why, ERR_POLICY,
	    "a policy with on_reload: end came into force, and it allows less than the run was "
	    "started with");
	fault_at(&why, "on_reload", policy_skill(policy)->on_reload_line);
	for (struct run *run = supervisor->runs, *next; run != NULL; run = next) {
		next = run->next;
		if (run->skill == skill || strcmp(run->skill->id, skill->id) != 0)
			continue;
		if (run->skill != compared)
			narrowed = narrows(run->skill->source.policy, policy);
		compared = run->skill;
		if (!narrowed || run->outcome.reason != END_NONE)
			continue;
		ended++;
		run_stop(run, END_POLICY_CHANGED, &why);
	}
	return ended;
}

static void
put_in_force(struct install *install, unsigned i)
{
	struct supervisor *supervisor = install->supervisor;
	struct install_item *item = &install->items[i];
	struct skill *old = supervisor->skills[i], *skill = TAKE(item->fresh);
	char digest[DIGEST_TEXT_MAX];

	supervisor->skills[i] = skill;
	digest_text(digest, policy_digest(skill->source.policy));
	log_line(LOG_LEVEL_INFO, "%s is in force for %s: revision %llu, %s, signed by %u",
	    item->path, skill->id, (unsigned long long)policy_skill(skill->source.policy)->revision,
	    digest, skill->review.given);
	if (old == NULL)
		return;
	pool_replace(supervisor->pool, old, skill);
	install->result.ended_runs += end_narrowed(supervisor, skill);
	skill_unref(&old);
}

/* Everything is recorded: the service begins, or says why not. */
static void
conclude_start(struct install *install)
{
	struct supervisor *supervisor = install->supervisor;
	const struct install_item *refused = first_refused(install);
	struct fault fault = {0};

	if (refused != NULL) {
		fail(install, &refused->fault);
		return;
	}
	for (unsigned i = 0; i < install->count; i++) {
		if (install->items[i].unrecorded.code == ERR_OK)
			continue;
		log_fault(
		    LOG_LEVEL_WARNING, "no policy is in force yet", &install->items[i].unrecorded);
		install->phase = INSTALL_WAITING;
		set_timer(install, RETRY_SECONDS);
		return;
	}
	for (unsigned i = 0; i < install->count; i++)
		if (install_item_keep(&install->items[i], &install->files, &fault) != ERR_OK) {
			fail(install, &fault);
			return;
		}
	for (unsigned i = 0; i < install->count; i++)
		put_in_force(install, i);
	supervisor->skill_count = install->count;
	supervisor->pool = pool_new(supervisor, supervisor->options->warm);
	if (supervisor->pool == NULL) {
		fault_set(&fault, ERR_INTERNAL, "out of memory");
		fail(install, &fault);
		return;
	}
	install->in_force = true;
	install->phase = INSTALL_IDLE;
	if (supervisor_is_ready(supervisor))
		control_tell_ready(supervisor);
	if (install->again)
		begin_reload(install);
}

/* A reload's word on one policy, after its record. */
static void
conclude_item(struct install *install, unsigned i)
{
	struct install_item *item = &install->items[i];
	struct fault fault = {0}, ignored;

	if (item->fresh != NULL && item->unrecorded.code != ERR_OK) {
		fault_set(&fault, ERR_AUDIT_UNAVAILABLE,
		    "it does not come into force, because that cannot be recorded: %s",
		    item->unrecorded.message);
		install_item_refuse(item, &fault);
	}
	if (item->fresh != NULL && install_item_keep(item, &install->files, &fault) != ERR_OK) {
		install_item_refuse(item, &fault);
		/* The log has it as accepted; where this is lost too, our own log has it. */
		if (record_policy_refused(install->supervisor, &item->seen, item->path, "",
			&item->fault, NULL, NULL, &ignored) != ERR_OK)
			log_fault(LOG_LEVEL_WARNING, "a refused policy is not recorded", &ignored);
	}
	if (item->fresh != NULL) {
		install->result.taken++;
		put_in_force(install, i);
		return;
	}
	install->result.refused++;
	if (install->result.fault.code == ERR_OK)
		install->result.fault = item->fault;
	log_line(LOG_LEVEL_ERROR, "%s is refused; the policy before stays in force: %s: %s",
	    item->path, err_name(item->fault.code), item->fault.message);
}

/* What was refused, for the people who asked. */
static void
tell(struct install *install)
{
	char text[CONTROL_PROBLEMS_MAX];
	size_t used = 0;

	for (unsigned i = 0; i < install->count; i++) {
		const struct install_item *item = &install->items[i];
		size_t room = sizeof(text) - used;
		int n = item->fault.code == ERR_OK
			    ? 0
			    : snprintf(text + used, room, "%s%s: %s\n",
				  item->problems != NULL ? item->problems : "", item->path,
				  item->fault.message);

		used += n > 0 && (size_t)n < room ? (size_t)n : 0;
	}
	control_tell_reloaded(install->supervisor, &install->result, text, used);
}

static void
conclude_reload(struct install *install)
{
	install->result.policies = install->count;
	for (unsigned i = 0; i < install->count; i++)
		conclude_item(install, i);
	log_line(LOG_LEVEL_INFO, "reloaded: %u in force, %u refused, %u runs ended",
	    install->result.taken, install->result.refused, install->result.ended_runs);
	tell(install);
	install->phase = INSTALL_IDLE;
	if (install->again)
		begin_reload(install);
}

static void
take_answer(struct install *install)
{
	if (--install->unanswered > 0 || install->stopped)
		return;
	if (install->in_force)
		conclude_reload(install);
	else
		conclude_start(install);
}

static void
on_recorded(void *context, const struct recorder_answer *answer)
{
	struct install_item *item = context;

	if (answer->code != ERR_OK)
		item->unrecorded = answer->fault;
	take_answer(item->install);
}

static void
record_item(struct install *install, struct install_item *item)
{
	struct supervisor *supervisor = install->supervisor;
	enum err r;

	item->unrecorded = (struct fault){0};
	if (item->fresh != NULL)
		r = record_policy_accepted(
		    supervisor, item->fresh, item->path, on_recorded, item, &item->unrecorded);
	else
		r = record_policy_refused(supervisor, &item->seen, item->path,
		    item->problems != NULL ? item->problems : "", &item->fault, on_recorded, item,
		    &item->unrecorded);
	install->unanswered += r == ERR_OK ? 1 : 0;
}

/* At the start, what is refused alone: where something is, nothing else comes into force. */
static void
record_all(struct install *install)
{
	bool accepted = install->in_force || first_refused(install) == NULL;

	install->phase = INSTALL_RECORDING;
	install->unanswered = 1; /* ours, until all are on their way */
	for (unsigned i = 0; i < install->count; i++)
		if (accepted || install->items[i].fresh == NULL)
			record_item(install, &install->items[i]);
	take_answer(install);
}

/* A name that is another one's would be started in its place; one that changes would leave the
 * Skill without a policy. */
static void
check_name(struct install *install, struct install_item *item)
{
	struct fault fault;

	for (struct install_item *other = install->items; other != item; other++) {
		if (item->fresh == NULL || strcmp(other->seen.id, item->seen.id) != 0)
			continue;
		fault_set(&fault, ERR_POLICY, "%.96s is for the Skill %s, and so is %.96s",
		    item->path, item->seen.id + 3, other->path);
		install_item_refuse(item, &fault);
	}
}

static void
check_same_name(struct install *install, unsigned i)
{
	struct install_item *item = &install->items[i];
	const struct skill *old = install->supervisor->skills[i];
	struct fault fault;

	if (item->fresh != NULL && strcmp(item->seen.id, old->id) != 0) {
		fault_set(&fault, ERR_POLICY,
		    "%.96s was for the Skill %s and is for %s now; start the service anew for "
		    "another Skill",
		    item->path, old->id + 3, item->seen.id + 3);
		install_item_refuse(item, &fault);
	}
	memcpy(item->seen.id, old->id, sizeof(item->seen.id));
}

static void
read_next(struct install *install)
{
	unsigned i = install->next++;

	install_item_read(&install->items[i], &install->files, install->supervisor->clock);
	check_same_name(install, i);
	if (install->next < install->count)
		set_timer(install, 0); /* runs have their turn between two policies */
	else
		record_all(install);
}

static void
begin_reload(struct install *install)
{
	install->again = false;
	install->phase = INSTALL_READING;
	install->next = 0;
	install->result = (struct wire_control_reloaded){0};
	control_reload_begins(install->supervisor);
	install_files_renew(&install->files);
	set_timer(install, 0);
}

static void
on_timer(int fd, short what, void *context)
{
	struct install *install = context;
	const struct install_item *refused = first_refused(install);

	(void)fd;
	(void)what;
	if (install->phase == INSTALL_READING) {
		read_next(install);
	} else if (refused == NULL) {
		record_all(install);
	} else {
		log_line(LOG_LEVEL_WARNING,
		    "the log cannot be reached: what was refused is not recorded");
		fail(install, &refused->fault);
	}
}

static void
read_all(struct install *install)
{
	const struct supervisor_options *options = install->supervisor->options;

	install_files_renew(&install->files);
	for (unsigned i = 0; i < options->policy_count; i++) {
		struct install_item *item = &install->items[install->count++];

		*item = (struct install_item){.install = install, .path = options->policies[i]};
		install_item_read(item, &install->files, install->supervisor->clock);
		check_name(install, item);
	}
	install->phase = INSTALL_WAITING;
	if (first_refused(install) != NULL)
		set_timer(install, PATIENCE_SECONDS);
}

enum err
install_new(struct supervisor *supervisor, struct install **ret, struct fault *fault)
{
	struct install *install = calloc(1, sizeof(*install));
	enum err r;

	if (install == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	install->supervisor = supervisor;
	r = install_files_open(&install->files, supervisor->options, fault);
	install->timer = event_new(supervisor->base, -1, 0, on_timer, install);
	if (r == ERR_OK && install->timer == NULL)
		r = fault_set(fault, ERR_INTERNAL, "out of memory");
	if (r != ERR_OK) {
		install_free(&install);
		return r;
	}
	read_all(install);
	*ret = install;
	return ERR_OK;
}

void
install_free(struct install **install)
{
	struct install *gone = *install;

	*install = NULL;
	if (gone == NULL)
		return;
	for (unsigned i = 0; i < gone->count; i++)
		install_item_clear(&gone->items[i]);
	if (gone->timer != NULL)
		event_free(gone->timer);
	install_files_close(&gone->files);
	free(gone);
}

bool
install_is_in_force(const struct install *install)
{
	return install != NULL && install->in_force;
}

void
install_log_ready(struct install *install)
{
	if (install->phase != INSTALL_WAITING)
		return;
	event_del(install->timer);
	record_all(install);
}

void
install_reload(struct install *install)
{
	if (install->stopped)
		return;
	if (install->in_force && install->phase == INSTALL_IDLE)
		begin_reload(install);
	else
		install->again = true;
}

void
install_stop(struct install *install)
{
	install->stopped = true;
	event_del(install->timer);
}

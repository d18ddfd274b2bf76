#include "supervisor/pool.h"

#include "common/log.h"
#include "supervisor/start.h"

/* How long a slot waits before it is filled again: after a take for the run that took it to start,
 * after a failure doubled each time. */
enum { REFILL_MS = 20, RETRY_MS = 500, RETRY_MAX_MS = 60000 };

struct slot {
	struct pool *pool;
	const struct skill *skill;
	struct cell cell;
	struct event *build, *parked, *gone; /* parked and gone: while there is a cell */
	bool is_parked;
	unsigned retry_ms;
};

struct pool {
	struct supervisor *supervisor;
	struct slot *slots;
	unsigned slot_count;
	uint64_t built, taken, missed, failed;
};

static void
drop_events(struct slot *slot)
{
	if (slot->parked != NULL)
		event_free(slot->parked);
	if (slot->gone != NULL)
		event_free(slot->gone);
	slot->parked = slot->gone = NULL;
	slot->is_parked = false;
}

static void
end_cell(struct slot *slot)
{
	drop_events(slot);
	cell_kill(&slot->cell);
	cell_done(&slot->cell);
}

static void
build_in(struct slot *slot, unsigned ms)
{
	struct timeval delay = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	if (event_add(slot->build, &delay) < 0)
		log_line(LOG_LEVEL_ERROR, "a warm cell cannot be built: out of memory");
}

/* The log hears of the first failure of a row; runs say themselves what is wrong with theirs. */
static void
retry(struct slot *slot, const struct fault *why)
{
	slot->pool->failed++;
	if (slot->retry_ms == 0)
		log_fault(LOG_LEVEL_WARNING, "a warm cell was not built", why);
	slot->retry_ms = slot->retry_ms == 0 ? RETRY_MS : slot->retry_ms * 2;
	if (slot->retry_ms > RETRY_MAX_MS)
		slot->retry_ms = RETRY_MAX_MS;
	build_in(slot, slot->retry_ms);
}

/* The cell ended before anybody took it. */
static void
on_gone(int fd, short what, void *context)
{
	struct slot *slot = context;
	struct cell_report report;
	struct fault fault;

	(void)fd;
	(void)what;
	fault_set(&fault, ERR_CONFINEMENT, "a parked cell of %s has ended", slot->skill->id);
	while (cell_report_read(&slot->cell, &report) > 0)
		if (report.kind == CELL_FAILED)
			cell_report_fault(&report, &fault);
	end_cell(slot);
	retry(slot, &fault);
}

static void
on_parked(int fd, short what, void *context)
{
	struct slot *slot = context;

	(void)fd;
	(void)what;
	/* Not parked but readable: it is about to be gone, which on_gone hears. */
	slot->is_parked = cell_parked_read(&slot->cell) > 0;
	if (!slot->is_parked)
		return;
	slot->pool->built++;
	slot->retry_ms = 0;
}

static bool
watch(struct slot *slot)
{
	struct event_base *base = slot->pool->supervisor->base;

	slot->parked = event_new(base, slot->cell.handover_fd, EV_READ, on_parked, slot);
	slot->gone = event_new(base, slot->cell.pidfd, EV_READ, on_gone, slot);
	return slot->parked != NULL && slot->gone != NULL && event_add(slot->parked, NULL) == 0 &&
	       event_add(slot->gone, NULL) == 0;
}

static void
on_build(int fd, short what, void *context)
{
	struct slot *slot = context;
	struct supervisor *supervisor = slot->pool->supervisor;
	struct cell_mount sdk;
	struct cell_spec spec;
	struct fault fault;

	(void)fd;
	(void)what;
	start_spec(supervisor, slot->skill, &sdk, &spec);
	spec.parked = true;
	if (cell_spawn(supervisor->launcher, &spec, &slot->cell, &fault) != ERR_OK) {
		retry(slot, &fault);
		return;
	}
	if (watch(slot))
		return;
	end_cell(slot);
	fault_set(&fault, ERR_INTERNAL, "out of memory");
	retry(slot, &fault);
}

static bool
slot_init(struct slot *slot, struct pool *pool, const struct skill *skill)
{
	*slot = (struct slot){
	    .pool = pool,
	    .skill = skill,
	    .cell = CELL_NONE,
	    .build = event_new(pool->supervisor->base, -1, 0, on_build, slot),
	};
	if (slot->build == NULL)
		return false;
	build_in(slot, 0);
	return true;
}

struct pool *
pool_new(struct supervisor *supervisor, unsigned per_skill)
{
	unsigned count = supervisor->skill_count * per_skill;
	struct pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->supervisor = supervisor;
	pool->slots = calloc(count + 1, sizeof(*pool->slots));
	for (unsigned i = 0; pool->slots != NULL && i < count; i++) {
		if (!slot_init(&pool->slots[i], pool, supervisor->skills[i / per_skill]))
			break;
		pool->slot_count++;
	}
	if (pool->slot_count < count || pool->slots == NULL)
		pool_free(&pool);
	return pool;
}

void
pool_free(struct pool **pool)
{
	struct pool *gone = *pool;

	*pool = NULL;
	if (gone == NULL)
		return;
	for (unsigned i = 0; i < gone->slot_count; i++) {
		end_cell(&gone->slots[i]);
		event_free(gone->slots[i].build);
	}
	if (gone->slot_count > 0)
		log_line(LOG_LEVEL_INFO,
		    "warm cells: %llu built, %llu taken, %llu runs found none, %llu failed",
		    (unsigned long long)gone->built, (unsigned long long)gone->taken,
		    (unsigned long long)gone->missed, (unsigned long long)gone->failed);
	free(gone->slots);
	free(gone);
}

void
pool_replace(struct pool *pool, const struct skill *old, const struct skill *skill)
{
	for (unsigned i = 0; pool != NULL && i < pool->slot_count; i++) {
		struct slot *slot = &pool->slots[i];

		if (slot->skill != old)
			continue;
		end_cell(slot);
		slot->skill = skill;
		slot->retry_ms = 0;
		build_in(slot, 0);
	}
}

bool
pool_take(struct pool *pool, const struct skill *skill, struct cell *ret)
{
	bool pooled = false;

	for (unsigned i = 0; pool != NULL && i < pool->slot_count; i++) {
		struct slot *slot = &pool->slots[i];

		pooled = pooled || slot->skill == skill;
		if (slot->skill != skill || !slot->is_parked)
			continue;
		drop_events(slot);
		*ret = slot->cell;
		slot->cell = CELL_NONE;
		pool->taken++;
		build_in(slot, REFILL_MS);
		return true;
	}
	if (pooled)
		pool->missed++;
	return false;
}

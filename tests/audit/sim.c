#include "tests/audit/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit/frame.h"

uint64_t
sim_random(struct sim *sim)
{
	/* splitmix64 (public domain, Steele, Lea, Flood 2014) */
	uint64_t z = (sim->seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
sim_init(struct sim *sim, uint64_t seed)
{
	memset(sim, 0, sizeof(*sim));
	sim->seed = seed;
	sim->attached = -1;
	sim->time_ms = UINT64_C(1790000000000);
}

void
sim_done(struct sim *sim)
{
	for (int i = 0; i < sim->file_count; i++) {
		free(sim->files[i].now);
		free(sim->files[i].durable);
	}
	sim->file_count = 0;
}

void
sim_copy(struct sim *to, const struct sim *from)
{
	*to = *from;
	for (int i = 0; i < from->file_count; i++) {
		const struct sim_file *file = &from->files[i];

		to->files[i].now = malloc(file->size + 1);
		to->files[i].durable = malloc(file->durable_size + 1);
		if (to->files[i].now == NULL || to->files[i].durable == NULL)
			abort();
		if (file->size > 0)
			memcpy(to->files[i].now, file->now, file->size);
		if (file->durable_size > 0)
			memcpy(to->files[i].durable, file->durable, file->durable_size);
	}
}

/* Counts a mutating operation. 0, or what it answers. *ret_last: it happens, and then the power
 * goes. */
static int
count_op(struct sim *sim, bool *ret_last)
{
	*ret_last = false;
	if (sim->crashed)
		return -EIO;
	sim->ops++;
	if (sim->fail_at != 0 &&
	    (sim->ops == sim->fail_at || (sim->fail_on && sim->ops > sim->fail_at)))
		return -sim->fail_error;
	*ret_last = sim->ops == sim->crash_at;
	return 0;
}

static int
find_name(const struct sim_names *names, const char *name)
{
	for (int i = 0; i < names->count; i++)
		if (strcmp(names->rows[i].name, name) == 0)
			return i;
	return -1;
}

struct sim_file *
sim_find(struct sim *sim, const char *name)
{
	int i = find_name(&sim->now, name);

	return i >= 0 ? &sim->files[sim->now.rows[i].file] : NULL;
}

static void
drop_name(struct sim_names *names, const char *name)
{
	int i = find_name(names, name);

	if (i >= 0)
		names->rows[i] = names->rows[--names->count];
}

void
sim_unlink(struct sim *sim, const char *name)
{
	drop_name(&sim->now, name);
	drop_name(&sim->durable, name);
}

static void
add_name(struct sim_names *names, const char *name, int file)
{
	struct sim_name *row;

	if (names->count == SIM_FILES_MAX || strlen(name) >= sizeof(names->rows[0].name))
		abort();
	row = &names->rows[names->count++];
	strcpy(row->name, name);
	row->file = file;
}

static int
sim_list(void *state, int (*each)(void *context, const char *name), void *context)
{
	struct sim *sim = state;
	int r = 0;

	if (sim->crashed)
		return -EIO;
	for (int i = 0; r == 0 && i < sim->now.count; i++)
		r = each(context, sim->now.rows[i].name);
	return r;
}

static int
sim_open(void *state, const char *name, enum audit_file_mode mode)
{
	struct sim *sim = state;
	int i = find_name(&sim->now, name), r;
	bool last;

	if (sim->crashed)
		return -EIO;
	if (mode != AUDIT_FILE_CREATE)
		return i >= 0 ? sim->now.rows[i].file : -ENOENT;
	if (i >= 0)
		return -EEXIST;
	r = count_op(sim, &last);
	if (r < 0)
		return r;
	if (sim->file_count == SIM_FILES_MAX)
		abort();
	add_name(&sim->now, name, sim->file_count);
	sim->crashed = last;
	return sim->file_count++;
}

static void
sim_close(void *state, int handle)
{
	(void)state;
	(void)handle;
}

static int64_t
sim_size(void *state, int handle)
{
	return (int64_t)((struct sim *)state)->files[handle].size;
}

static ssize_t
sim_read(void *state, int handle, void *to, size_t length, uint64_t offset)
{
	const struct sim *sim = state;
	const struct sim_file *file = &sim->files[handle];
	size_t left = offset < file->size ? file->size - (size_t)offset : 0;

	if (sim->crashed)
		return -EIO;
	if (length > left)
		length = left;
	if (length > 0)
		memcpy(to, file->now + offset, length);
	return (ssize_t)length;
}

static void
apply(struct sim_file *file, const void *from, size_t length, uint64_t offset)
{
	size_t end = (size_t)offset + length;

	if (end > file->size) {
		file->now = realloc(file->now, end);
		if (file->now == NULL)
			abort();
		memset(file->now + file->size, 0, end - file->size);
		file->size = end;
	}
	memcpy(file->now + offset, from, length);
}

static int
sim_write(void *state, int handle, const void *from, size_t length, uint64_t offset)
{
	struct sim *sim = state;
	bool last;
	int r = count_op(sim, &last);

	if (r < 0)
		return r;
	apply(&sim->files[handle], from, length, offset);
	sim->crashed = last;
	return last ? -EIO : 0;
}

static void
make_durable(struct sim_file *file)
{
	free(file->durable);
	file->durable = malloc(file->size + 1);
	if (file->durable == NULL)
		abort();
	if (file->size > 0)
		memcpy(file->durable, file->now, file->size);
	file->durable_size = file->size;
}

static int
sim_sync(void *state, int handle)
{
	struct sim *sim = state;
	bool last;
	int r = count_op(sim, &last);

	if (r < 0)
		return r;
	/* The last thing that happens is the power going before the sync is done. */
	if (last) {
		sim->crashed = true;
		return -EIO;
	}
	make_durable(&sim->files[handle]);
	return 0;
}

static int
sim_rename(void *state, const char *from, const char *to)
{
	struct sim *sim = state;
	int i = find_name(&sim->now, from), file, r;
	bool last;

	if (i < 0)
		return -ENOENT;
	r = count_op(sim, &last);
	if (r < 0)
		return r;
	file = sim->now.rows[i].file;
	drop_name(&sim->now, from);
	drop_name(&sim->now, to);
	add_name(&sim->now, to, file);
	sim->crashed = last;
	return last ? -EIO : 0;
}

static int
sim_remove(void *state, const char *name)
{
	struct sim *sim = state;
	bool last;
	int r;

	if (find_name(&sim->now, name) < 0)
		return -ENOENT;
	r = count_op(sim, &last);
	if (r < 0)
		return r;
	drop_name(&sim->now, name);
	sim->crashed = last;
	return last ? -EIO : 0;
}

static int
sim_sync_dir(void *state)
{
	struct sim *sim = state;
	bool last;
	int r = count_op(sim, &last);

	if (r < 0)
		return r;
	if (last) {
		sim->crashed = true;
		return -EIO;
	}
	sim->durable = sim->now;
	return 0;
}

static void
sim_free(void *state)
{
	(void)state;
}

static const struct audit_files_ops files_ops = {
    .list = sim_list,
    .open = sim_open,
    .close = sim_close,
    .size = sim_size,
    .read = sim_read,
    .write = sim_write,
    .sync = sim_sync,
    .rename = sim_rename,
    .remove = sim_remove,
    .sync_dir = sim_sync_dir,
    .free = sim_free,
};

void
sim_files(struct sim *sim, struct audit_files *ret)
{
	*ret = (struct audit_files){&files_ops, sim};
}

static int
sim_attach(void *state, const char *name)
{
	struct sim *sim = state;
	int i = find_name(&sim->now, name);

	if (sim->crashed || i < 0)
		return -EIO;
	sim->attached = sim->now.rows[i].file;
	return 0;
}

/* A write that fails may have reached the disk in part or whole. */
static void
scatter(struct sim *sim, size_t length, uint64_t offset)
{
	for (size_t at = 0; at < length; at += SIM_SECTOR)
		if (sim_random(sim) % 2 == 0)
			apply(&sim->files[sim->attached], sim->group + at, SIM_SECTOR, offset + at);
}

static int
sim_begin(void *state, size_t length, uint64_t offset)
{
	struct sim *sim = state;
	bool gone = sim->crashed, last;
	int r = count_op(sim, &last);

	sim->ends = 0;
	sim->group_result = r;
	if (!gone && sim->on_group != NULL)
		sim->on_group(sim->context, sim->group, length);
	if (r < 0 && !gone)
		scatter(sim, length, offset);
	if (r < 0)
		return 0; /* the failure shows at the end */
	apply(&sim->files[sim->attached], sim->group, length, offset);
	sim->pending_length = length;
	sim->pending_offset = offset;
	sim->crashed = last;
	if (last)
		sim->group_result = -EIO;
	return 0;
}

static int
sim_end(void *state, bool wait)
{
	struct sim *sim = state;

	if (sim->async && !wait && sim->ends++ == 0)
		return -EAGAIN;
	if (sim->group_result == 0)
		make_durable(&sim->files[sim->attached]);
	return sim->group_result;
}

static int
sim_fd(void *state)
{
	(void)state;
	return -1;
}

static const struct audit_writer_ops writer_ops = {
    .attach = sim_attach,
    .begin = sim_begin,
    .end = sim_end,
    .fd = sim_fd,
    .free = sim_free,
};

void
sim_writer(struct sim *sim, struct audit_writer *ret)
{
	*ret = (struct audit_writer){&writer_ops, sim, sim->group, AUDIT_BACKEND_SIM};
}

static uint64_t
clock_ms(void *context)
{
	return ((struct sim *)context)->time_ms++;
}

static uint64_t
clock_ns(void *context)
{
	return ((struct sim *)context)->time_ms++ * 1000000;
}

static void
clock_random(void *context, void *to, size_t length)
{
	unsigned char *out = to;

	while (length-- > 0)
		*out++ = (unsigned char)sim_random(context);
}

struct clock
sim_clock(struct sim *sim)
{
	return (struct clock){clock_ms, clock_ns, clock_random, sim};
}

/* Decides one sector that was not synced. */
static void
decide(struct sim *sim, struct sim_file *file, size_t at)
{
	size_t length = file->size - at < SIM_SECTOR ? file->size - at : SIM_SECTOR;
	unsigned char old[SIM_SECTOR] = {0};
	size_t had = at < file->durable_size ? file->durable_size - at : 0;

	if (had > 0)
		memcpy(old, file->durable + at, had < length ? had : length);
	if (memcmp(old, file->now + at, length) == 0)
		return;
	switch (sim_random(sim) % 3) {
	case 0:
		memcpy(file->now + at, old, length);
		break;
	case 1:
		for (size_t i = 0; i < length; i++)
			file->now[at + i] = (unsigned char)sim_random(sim);
		break;
	default:
		break;
	}
}

void
sim_reboot(struct sim *sim)
{
	for (int i = 0; i < sim->file_count; i++) {
		struct sim_file *file = &sim->files[i];

		for (size_t at = 0; at < file->size; at += SIM_SECTOR)
			decide(sim, file, at);
		make_durable(file);
	}
	if (sim_random(sim) % 2 == 0)
		sim->now = sim->durable;
	sim->durable = sim->now;
	sim->crashed = false;
	sim->crash_at = sim->fail_at = 0;
	sim->attached = -1;
	sim->ops = 0;
}

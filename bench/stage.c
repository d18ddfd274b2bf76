#include "bench/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "common/io.h"
#include "common/pack.h"

enum { NOOP_BYTES_MAX = 16 * 1024 * 1024 };

static const struct policy_limits limits = {
    .memory_bytes = UINT64_C(256) << 20,
    .processes = 16,
    .open_files = 64,
    .file_bytes = UINT64_C(8) << 20,
    .tmp_bytes = UINT64_C(8) << 20,
    .tmp_files = 64,
    .cpu_ns = UINT64_C(10000000000),
    .cpu_percent = 100,
    .io_read_bytes = POLICY_IO_FREE,
    .wall_ns = UINT64_C(10000000000),
    .output_bytes = UINT64_C(1) << 20,
};

static bool
fail(const char *what, const char *why)
{
	fprintf(stderr, "launch: %s: %s\n", what, why);
	return false;
}

static bool
make_dirs(const char *scratch)
{
	static const char *const dirs[] = {"", "/skill", "/bundle", "/bundle/root",
	    "/bundle/root/usr", "/bundle/root/proc", "/bundle/root/dev", "/bundle/root/tmp",
	    "/bundle/root/skill"};
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", scratch, dirs[i]);
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return fail(path, strerror(errno));
		if (chmod(path, 0755) < 0)
			return fail(path, strerror(errno));
	}
	return true;
}

/* The no-op stands where every user can reach it, and in a pack. */
static bool
place_noop(struct stage *stage, const char *noop)
{
	struct pack_file file = {.name = "noop", .name_length = 4};
	SCOPED_FREE char *data = NULL;
	struct fault fault = {0};
	size_t length = 0;
	SCOPED_FD to = -1;
	int r = io_read_file(AT_FDCWD, noop, NOOP_BYTES_MAX, &data, &length);

	if (r < 0)
		return fail(noop, strerror(-r));
	snprintf(stage->noop, sizeof(stage->noop), "%s/skill/noop", stage->scratch);
	to = open(stage->noop, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0755);
	if (to < 0 || io_write_full(to, data, length) < 0 || fchmod(to, 0755) < 0)
		return fail(stage->noop, strerror(errno));
	file.data = (const unsigned char *)data;
	file.length = (uint32_t)length;
	return pack_from_files(&file, 1, &stage->bundle_fd, &fault) == ERR_OK ||
	       fail(noop, fault.message);
}

/* The places, namespaces and identity of a cell, as far as a container has them. */
static const char crun_config[] =
    "{\"ociVersion\":\"1.0.0\",\"process\":{\"user\":{\"uid\":1000,\"gid\":1000},"
    "\"args\":[\"/skill/noop\"],\"env\":[],\"cwd\":\"/tmp\",\"noNewPrivileges\":true},"
    "\"root\":{\"path\":\"root\",\"readonly\":true},\"hostname\":\"cell\",\"mounts\":["
    "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
    "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
    "\"options\":[\"nosuid\",\"mode=755\"]},"
    "{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
    "\"options\":[\"nosuid\",\"nodev\"]},"
    "{\"destination\":\"/usr\",\"type\":\"bind\",\"source\":\"/usr\","
    "\"options\":[\"bind\",\"ro\"]},"
    "{\"destination\":\"/skill\",\"type\":\"bind\",\"source\":\"%s/skill\","
    "\"options\":[\"bind\",\"ro\"]}],"
    "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"ipc\"},"
    "{\"type\":\"uts\"},{\"type\":\"network\"},{\"type\":\"cgroup\"},{\"type\":\"user\"}],"
    "\"uidMappings\":[{\"containerID\":0,\"hostID\":70000,\"size\":2000}],"
    "\"gidMappings\":[{\"containerID\":0,\"hostID\":70000,\"size\":2000}]}}\n";

static bool
write_crun_config(const struct stage *stage)
{
	char path[128];
	FILE *to;

	snprintf(path, sizeof(path), "%s/bundle/config.json", stage->scratch);
	to = fopen(path, "we");
	if (to == NULL)
		return fail(path, strerror(errno));
	fprintf(to, crun_config, stage->scratch);
	return fclose(to) == 0 || fail(path, strerror(errno));
}

static bool
load(struct stage *stage, const char *init, const char *profiles)
{
	struct fault fault = {0};
	SCOPED_FD dir = open(profiles, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return fail(profiles, strerror(errno));
	if (profile_load(dir, "base", &stage->profile, &fault) != ERR_OK ||
	    cell_launcher_new(init, &stage->launcher, &fault) != ERR_OK)
		return fail("set-up", fault.message);
	return true;
}

bool
stage_init(struct stage *stage, const char *init, const char *profiles, const char *noop)
{
	/* A launch that lacks one of them fails. Those that not every host has are there or not. */
	const uint64_t required = LAYER_ALL & ~LAYER_BIT(CGROUP);
	const char *tmp = getenv("TMPDIR");

	*stage = (struct stage){
	    .cell = {.argv = {"/skill/noop", NULL}, .limits = limits, .required = required},
	    .idle = {.argv = {"/skill/noop", "0", NULL}, .limits = limits, .required = required},
	    .bundle_fd = -1,
	};
	snprintf(stage->scratch, sizeof(stage->scratch), "%s/praxa-bench.XXXXXX",
	    tmp != NULL && strlen(tmp) < 32 ? tmp : "/tmp");
	if (mkdtemp(stage->scratch) == NULL)
		return fail(stage->scratch, strerror(errno));
	return make_dirs(stage->scratch) && place_noop(stage, noop) && write_crun_config(stage) &&
	       load(stage, init, profiles);
}

void
stage_rest(void)
{
	const struct timespec rest = {.tv_nsec = 3000000};

	nanosleep(&rest, NULL);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void
stage_done(struct stage *stage)
{
	cell_launcher_free(&stage->launcher);
	profile_free(&stage->profile);
	scope_close(&stage->bundle_fd);
	nftw(stage->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

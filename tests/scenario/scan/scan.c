/* secret-scan - a Skill that looks for planted credentials in everything it can read: the file
 * tree, /proc, its own memory, its keyrings. Static, with no library of ours.
 *
 * /skill/needles holds what is looked for, 32 bytes each, masked, so that neither the bundle nor
 * this program's memory contains it: every byte is compared behind the mask. A file that has not
 * changed since the needles were drawn cannot hold them and is passed over: an unprivileged process
 * cannot set a ctime. Prints "found NUMBER PLACE" for each hit and what was scanned at the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NEEDLE = 32, NEEDLES_MAX = 16, MASK = 0x5a, BLOCK = 1 << 20, DEPTH_MAX = 48 };

static unsigned char masked[NEEDLES_MAX][NEEDLE];
static unsigned needle_count;
static time_t drawn; /* when the needles were */
static unsigned long files_seen, files_read, bytes_read, maps_read;
/* The end of one block before the next, so that nothing is missed between them. */
static unsigned char buffer[NEEDLE + BLOCK];

static bool
matches(const unsigned char *at, const unsigned char *needle)
{
	for (unsigned i = 0; i < NEEDLE; i++)
		if ((at[i] ^ MASK) != needle[i])
			return false;
	return true;
}

static void
search(const unsigned char *data, size_t length, const char *place)
{
	for (unsigned n = 0; n < needle_count; n++) {
		const unsigned char *at = data, *end = data + length;

		while (end - at >= NEEDLE && (at = memchr(at, masked[n][0] ^ MASK,
						  (size_t)(end - at) - NEEDLE + 1)) != NULL) {
			if (matches(at, masked[n]))
				printf("found %u %s\n", n, place);
			at++;
		}
	}
}

/* From offset to end, or to the end of the file where end is 0. */
static void
search_descriptor(int fd, off_t offset, off_t end, const char *place)
{
	size_t kept = 0;
	ssize_t n;

	for (;;) {
		size_t wanted = BLOCK;

		if (end > 0 && (off_t)wanted > end - offset)
			wanted = (size_t)(end - offset);
		n = wanted > 0 ? pread(fd, buffer + kept, wanted, offset) : 0;
		if (n <= 0)
			break;
		offset += n;
		bytes_read += (size_t)n;
		search(buffer, kept + (size_t)n, place);
		/* One byte less than a needle: what was found is not found twice. */
		kept += (size_t)n;
		if (kept > NEEDLE - 1) {
			memmove(buffer, buffer + kept - (NEEDLE - 1), NEEDLE - 1);
			kept = NEEDLE - 1;
		}
	}
	memset(buffer, 0, sizeof(buffer));
}

static void
search_file(const char *path, const struct stat *st)
{
	int fd;

	files_seen++;
	if (strncmp(path, "/proc/", 6) != 0 && st->st_ctime < drawn)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	files_read++;
	search_descriptor(fd, 0, 0, path);
	close(fd);
}

/* Memory is read as memory below; a map of page frames has no contents. */
static bool
is_left_out(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "mem") == 0 ||
	       strcmp(name, "pagemap") == 0;
}

static void
walk(const char *path, unsigned depth)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir != NULL && depth < DEPTH_MAX && (entry = readdir(dir)) != NULL) {
		char below[4096], link[4096];
		struct stat st;
		ssize_t n;

		if (is_left_out(entry->d_name) ||
		    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >=
			(int)sizeof(below) ||
		    fstatat(AT_FDCWD, below, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		search((const unsigned char *)below, strlen(below), "a name");
		if (S_ISDIR(st.st_mode)) {
			walk(below, depth + 1);
		} else if (S_ISREG(st.st_mode)) {
			search_file(below, &st);
		} else if (S_ISLNK(st.st_mode)) {
			n = readlink(below, link, sizeof(link));
			if (n > 0)
				search((const unsigned char *)link, (size_t)n, below);
		}
	}
	if (dir != NULL)
		closedir(dir);
}

/* The root cannot be listed, so the mounts say where to begin; all else stands in one of them. */
static void
walk_mounts(void)
{
	static char table[256 * 1024];
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	ssize_t n, length = 0;
	char *rest = table, *line;

	while ((n = read(fd, table + length, sizeof(table) - 1 - (size_t)length)) > 0)
		length += n;
	close(fd);
	while ((line = strsep(&rest, "\n")) != NULL) {
		char point[1024];
		struct stat st;

		if (sscanf(line, "%*d %*d %*s %*s %1023s", point) != 1 || stat(point, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			walk(point, 0);
		else if (S_ISREG(st.st_mode))
			search_file(point, &st);
	}
	/* What lies in the root itself. */
	walk("/etc", 0);
	walk("/dev", 0);
}

static void
search_memory(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned long begin, end;
	char line[512], rights[8], place[600];

	while (maps != NULL && memory >= 0 && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) != 3 || rights[0] != 'r')
			continue;
		/* The buffer through which it is read is in it: the first hit would be found again.
		 */
		if ((unsigned long)buffer >= begin && (unsigned long)buffer < end)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(place, sizeof(place), "memory %s", line);
		/* [vsyscall] lies above what an offset can say. */
		if ((long)end > 0)
			search_descriptor(memory, (off_t)begin, (off_t)end, place);
		maps_read++;
	}
	if (maps != NULL)
		fclose(maps);
	close(memory);
}

/* What a keyring holds, if this cell could read one. */
static void
search_keyrings(void)
{
	static const int rings[] = {KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING,
	    KEY_SPEC_USER_SESSION_KEYRING, KEY_SPEC_PROCESS_KEYRING};
	unsigned char text[4096];
	int keys[64];

	for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
		long n = syscall(SYS_keyctl, KEYCTL_READ, rings[i], keys, sizeof(keys), 0);

		for (long k = 0; k < n / (long)sizeof(int); k++) {
			long length =
			    syscall(SYS_keyctl, KEYCTL_READ, keys[k], text, sizeof(text), 0);

			if (length > 0)
				search(text, (size_t)length, "a key");
		}
	}
}

int
main(void)
{
	int fd = open("/skill/needles", O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = read(fd, masked, sizeof(masked));
	unsigned char *control = malloc(4096);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (n <= 0 || n % NEEDLE != 0 || fstat(fd, &st) < 0 || control == NULL)
		return 2;
	close(fd);
	needle_count = (unsigned)n / NEEDLE;
	/* The bundle's files are made with the cell, minutes at most after the needles. */
	drawn = st.st_ctime - 600;
	/* The control needle, in the clear, in memory: a scan that finds nothing proves little. */
	fd = open("/skill/control", O_RDONLY | O_CLOEXEC);
	if (read(fd, control, 4096) < NEEDLE)
		return 2;
	close(fd);
	walk_mounts();
	search_memory();
	search_keyrings();
	printf("scanned %lu of %lu files, %lu bytes, %lu maps\n", files_read, files_seen,
	    bytes_read, maps_read);
	return 0;
}

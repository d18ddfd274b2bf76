/* plant.h - what is planted on the host, as variables of a cell's environment say it. */
#ifndef TESTS_ESCAPE_PLANT_H
#define TESTS_ESCAPE_PLANT_H

#include <stdbool.h>
#include <sys/types.h>

enum { PLANT_VARIABLES = 32, PLANT_TEXT = 192 };

struct plant {
	char text[PLANT_VARIABLES][PLANT_TEXT]; /* NAME=value */
	unsigned count;
	char *dir;       /* a directory of its own; "mount" in it is what the cell sees at /srv */
	int mount_fd;    /* O_PATH */
	int terminal_fd; /* a terminal, controlling where we may */
	int sockets[6], socket_count;
	int memory, queue, semaphore;
	pid_t victim, swapper;
};

/* Plants everything for cells that are uid outside; program is what set-uid files hold. Aborts on
 * failure. */
void plant_init(struct plant *plant, uid_t uid, const void *program, size_t length);
void plant_done(struct plant *plant);
/* Swaps the mounted directory's name for a link to / and back, without rest, until it is ended. */
void plant_swap_begin(struct plant *plant);
void plant_swap_end(struct plant *plant);
/* Adds or replaces a variable. */
void plant_say(struct plant *plant, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

/* layout.h - which descriptor is what in praxa-init. Fixed numbers: nothing is passed by name,
 * argument or environment, and everything else is closed. */
#ifndef SANDBOX_LAYOUT_H
#define SANDBOX_LAYOUT_H

/* 0, 1 and 2 are the program's own. */
enum {
	FD_DOOR = 3,     /* the broker's socket, or closed */
	FD_PLAN = 4,     /* sealed memory file, sandbox/plan.h */
	FD_STATUS = 5,   /* SOCK_SEQPACKET: struct cell_report out, READY with the listener */
	FD_LIFELINE = 6, /* pipe: one byte when the id maps are written, then only its end */
	FD_BUNDLE = 7,   /* sealed pack, or closed */
	FD_SELF = 8,     /* praxa-init itself, closed by its own execve */
	FD_HANDOVER = 9, /* SOCK_SEQPACKET, sandbox/handover.h; or closed */
	FD_MOUNTS = 10,  /* FD_MOUNTS + i is cell_spec.mounts[i] */
};

/* In process 2: close-on-exec socket to praxa-init, SOCK_SEQPACKET: with a listener one byte that
 * carries it. Its end means that the program was executed, or process 2 is gone. */
enum { FD_REPORT = 4 };
/* In process 2 of a parked cell: FD_HANDOVER, until it is used. */
enum { FD_PARKED = 5 };

#endif

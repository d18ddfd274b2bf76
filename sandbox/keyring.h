/* keyring.h - a session keyring for all cells of a process, so that their number is not bounded by
 * the number of keys that the kernel lets one user have (keyrings(7): 200). */
#ifndef SANDBOX_KEYRING_H
#define SANDBOX_KEYRING_H

/* Gives this process, and all that it starts, a session keyring that is empty and in which nobody
 * can look, search, write or link any more, whoever has it. praxa-init keeps such a one, and makes
 * a new one for each cell where it finds another. Returns 0 or -errno: -ENOSYS without CONFIG_KEYS,
 * -EDQUOT when this user has all the keys he may have. Who does not look sees it in the layers of
 * the cells. */
int keyring_close(void);

#endif

/* bytes.h - little-endian numbers in byte arrays, whatever the host. */
#ifndef AUDIT_BYTES_H
#define AUDIT_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define BYTES_ACCESS(bits)                                                      \
	static inline void put_u##bits(unsigned char *to, uint##bits##_t value) \
	{                                                                       \
		value = htole##bits(value);                                     \
		memcpy(to, &value, sizeof(value));                              \
	}                                                                       \
	static inline uint##bits##_t get_u##bits(const unsigned char *from)     \
	{                                                                       \
		uint##bits##_t value;                                           \
                                                                                \
		memcpy(&value, from, sizeof(value));                            \
		return le##bits##toh(value);                                    \
	}
BYTES_ACCESS(16)
BYTES_ACCESS(32)
BYTES_ACCESS(64)

#endif

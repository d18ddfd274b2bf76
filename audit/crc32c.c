#include "audit/frame.h"

#include "audit/bytes.h"

/* Reflected Castagnoli polynomial 0x82f63b78, four bits at a time. */
static uint32_t
portable(uint32_t crc, const unsigned char *p, size_t length)
{
	static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
	    0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6,
	    0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

	for (; length > 0; length--) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
accelerated(uint32_t crc, const unsigned char *p, size_t length)
{
	uint64_t wide = crc;

	for (; length >= 8; length -= 8, p += 8)
		wide = __builtin_ia32_crc32di(wide, get_u64(p));
	crc = (uint32_t)wide;
	for (; length > 0; length--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}
#endif

uint32_t
frame_crc32c(uint32_t crc, const void *data, size_t length)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~accelerated(~crc, data, length);
#endif
	return ~portable(~crc, data, length);
}

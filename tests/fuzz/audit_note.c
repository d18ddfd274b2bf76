/* Keys, notes and checkpoints from any bytes. A text that a key was not used on is never valid. */
#include <stdlib.h>
#include <string.h>

#include "audit/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char vkey[] =
	    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	char *text = malloc(size + 1);
	struct checkpoint head;
	struct note_key key;
	size_t signed_length = 0;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	(void)!note_key_parse(text, &key, NULL);
	if (note_key_parse(vkey, &key, NULL) != ERR_OK)
		abort();
	if (note_verify(&key, text, size, &signed_length) == NOTE_VALID && signed_length >= size)
		abort();
	(void)checkpoint_verify(&key, text, size, &head);
	(void)!checkpoint_parse(text, size, "o", &head);
	free(text);
	return 0;
}

/* String kfuncs (6.17 and later): the packet's first bytes as text against texts of our own. */
#include "run.h"

extern int bpf_strcmp(const char *s1, const char *s2) __ksym;
extern int bpf_strcasecmp(const char *s1, const char *s2) __ksym;
extern int bpf_strchr(const char *s, char c) __ksym;
extern int bpf_strchrnul(const char *s, char c) __ksym;
extern int bpf_strnchr(const char *s, u64 count, char c) __ksym;
extern int bpf_strrchr(const char *s, int c) __ksym;
extern int bpf_strlen(const char *s) __ksym;
extern int bpf_strnlen(const char *s, u64 count) __ksym;
extern int bpf_strspn(const char *s, const char *accept) __ksym;
extern int bpf_strcspn(const char *s, const char *reject) __ksym;
extern int bpf_strstr(const char *s1, const char *s2) __ksym;
extern int bpf_strnstr(const char *s1, const char *s2, u64 len) __ksym;

s64 out[40];
char text[32];

SEC("syscall")
int strings(struct operands *ctx)
{
	__builtin_memset(text, 0, sizeof(text));
	*(u64 *)text = ctx->a;
	*(u64 *)(text + 8) = ctx->b;
	out[0] = bpf_strlen(text);
	out[1] = bpf_strnlen(text, 3);
	out[2] = bpf_strcmp(text, "hello");
	out[3] = bpf_strcmp("hello", text);
	out[4] = bpf_strcasecmp(text, "HELLO");
	out[5] = bpf_strchr(text, 'l');
	out[6] = bpf_strrchr(text, 'l');
	out[7] = bpf_strchrnul(text, 'z');
	out[8] = bpf_strnchr(text, 3, 'l');
	out[9] = bpf_strspn(text, "ehl");
	out[10] = bpf_strcspn(text, "lo");
	out[11] = bpf_strstr(text, "ll");
	out[12] = bpf_strstr(text, "");
	out[13] = bpf_strnstr(text, "lo", 4);
	out[14] = bpf_strnstr(text, "lo", 5);
	out[15] = bpf_strchr(text, 0);
	out[16] = bpf_strrchr(text, 0);
	out[17] = bpf_strlen(NULL);
	out[18] = bpf_strcmp(text, (char *)8);
	out[19] = bpf_strstr(text, "hello world, longer than the text");
	out[20] = bpf_strnstr(text, "", 0);
	return 0;
}

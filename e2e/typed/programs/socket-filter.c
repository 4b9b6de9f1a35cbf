/* Socket filters: legacy loads, bounded copies, what they may not do. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} bytes_by_proto SEC(".maps");

SEC("socket")
int count_protocols(struct __sk_buff *skb)
{
	__u8 proto8 = 0;
	bpf_skb_load_bytes(skb, 23, &proto8, 1);
	__u32 proto = proto8;
	__u64 *seen = bpf_map_lookup_elem(&bytes_by_proto, &proto), len = skb->len;

	if (seen)
		__sync_fetch_and_add(seen, len);
	else
		bpf_map_update_elem(&bytes_by_proto, &proto, &len, BPF_NOEXIST);
	return skb->len;
}

SEC("socket")
int direct_access(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;

	return data + 1 <= (__u8 *)(long)skb->data_end ? *data : 0;
}

SEC("socket")
int relative_to_net(struct __sk_buff *skb)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return 0;
	return ip.ttl > 1 ? -1 : 0;
}

SEC("socket")
int write_mark(struct __sk_buff *skb)
{
	skb->mark = 1;
	return 0;
}

SEC("socket")
int write_cb(struct __sk_buff *skb)
{
	skb->cb[4] = 1;
	return skb->cb[4];
}

SEC("socket")
int key_uninitialised(struct __sk_buff *skb)
{
	__u32 key;
	__u64 *value = bpf_map_lookup_elem(&bytes_by_proto, &key);

	return value ? *value : 0;
}

SEC("socket")
int key_too_small(struct __sk_buff *skb)
{
	__u8 key = 6;
	__u64 *value = bpf_map_lookup_elem(&bytes_by_proto, &key);

	return value ? *value : 0;
}

SEC("socket")
int redirects(struct __sk_buff *skb)
{
	return bpf_redirect(1, 0);
}

unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
unsigned long long load_half(void *skb, unsigned long long off) asm("llvm.bpf.load.half");

SEC("socket")
int legacy_load(struct __sk_buff *skb)
{
	return load_byte(skb, 23) == 17 && load_half(skb, 36) == 53 ? -1 : 0;
}

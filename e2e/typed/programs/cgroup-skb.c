/* Cgroup packet filters and their return values. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} usage SEC(".maps");

SEC("cgroup_skb/egress")
int account(struct __sk_buff *skb)
{
	__u64 id = bpf_skb_cgroup_id(skb), len = skb->len, *value;

	value = bpf_map_lookup_elem(&usage, &id);
	if (!value)
		return !bpf_map_update_elem(&usage, &id, &len, BPF_ANY);
	__sync_fetch_and_add(value, len);
	return *value < 1000000;
}

SEC("cgroup_skb/ingress")
int returns_two(struct __sk_buff *skb)
{
	return 2;
}

SEC("cgroup_skb/egress")
int returns_three(struct __sk_buff *skb)
{
	return skb->len > 10 ? 3 : 1;
}

SEC("cgroup_skb/ingress")
int returns_length(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("cgroup_skb/egress")
int sends_on(struct __sk_buff *skb)
{
	return bpf_redirect(1, 0) == 7;
}

SEC("cgroup_skb/egress")
int packet_bytes(struct __sk_buff *skb)
{
	struct iphdr *ip = (void *)(long)skb->data;

	if ((void *)(ip + 1) > (void *)(long)skb->data_end)
		return 1;
	return ip->ttl > 1;
}

SEC("cgroup_skb/ingress")
int packet_write(struct __sk_buff *skb)
{
	struct iphdr *ip = (void *)(long)skb->data;

	if ((void *)(ip + 1) > (void *)(long)skb->data_end)
		return 1;
	ip->ttl = 1;
	return 1;
}

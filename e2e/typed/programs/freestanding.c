/* No vmlinux.h: the kernel's user headers and plain types. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

char _license[] SEC("license") = "GPL";

struct flow {
	__be32 source, destination;
	__u8 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow);
	__type(value, __u64);
} flows SEC(".maps");

SEC("tc")
int flow_right(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	struct flow flow;
	__u64 one = 1, *n;

	if ((void *)(ip + 1) > end)
		return TC_ACT_OK;
	__builtin_memset(&flow, 0, sizeof(flow));
	flow.source = ip->saddr;
	flow.destination = ip->daddr;
	flow.protocol = ip->protocol;
	n = bpf_map_lookup_elem(&flows, &flow);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&flows, &flow, &one, BPF_ANY);
	return TC_ACT_OK;
}

SEC("tc")
int flow_with_padding(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	struct flow flow;

	if ((void *)(ip + 1) > end)
		return TC_ACT_OK;
	flow.source = ip->saddr;
	flow.destination = ip->daddr;
	flow.protocol = ip->protocol;
	return bpf_map_delete_elem(&flows, &flow) ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("tc")
int flow_half(struct __sk_buff *skb)
{
	struct flow flow;

	flow.source = 1;
	return bpf_map_delete_elem(&flows, &flow);
}

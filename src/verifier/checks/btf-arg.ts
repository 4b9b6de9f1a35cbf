/** BTF pointers as helper arguments (the second half of kernel check_reg_type). */
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import type { ArgType } from "./arg-types.ts";

export function checkBtfArgType(env: Env, _reg: RegState, _regno: number, _arg: ArgType, _argBtf: string | null, _funcName: string): void {
  env.unsupported("BTF pointers as helper arguments are not simulated yet");
}

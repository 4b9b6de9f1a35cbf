/** Pointers to kernel and program types (kernel check_ptr_to_btf_access, btf_struct_access) and to maps' own structs. */
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";

export function checkPtrToBtfAccess(env: Env, _reg: RegState, _name: string, _off: number, _size: number, _t: "read" | "write", _value: number): void {
  env.unsupported("accesses through BTF pointers are not simulated yet");
}
export function checkPtrToMapAccess(env: Env, _reg: RegState, _name: string, _off: number, _size: number, _t: "read" | "write", _value: number): void {
  env.unsupported("reading a map's own structure is not simulated yet");
}

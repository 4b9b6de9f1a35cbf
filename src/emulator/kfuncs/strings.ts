import { Errno } from "../errno.ts";
import type { RunEnv } from "../env.ts";
import { isKernelAddress } from "../helpers/addresses.ts";
import { A, helper, type HelperTable } from "../helpers/args.ts";

/** XATTR_SIZE_MAX: no string function looks further (kernel 7.3 helpers.c). */
const MAX = 65536;

class Unreadable {
  readonly errno: number;
  constructor(errno: number) {
    this.errno = errno;
  }
}

/** Bytes of kernel memory one at a time; the bytes of user space and the first page are not looked at at all. */
class Text {
  private readonly env: RunEnv;
  private readonly address: bigint;
  constructor(env: RunEnv, address: bigint) {
    if (!isKernelAddress(address)) throw new Unreadable(-Errno.ERANGE);
    this.env = env;
    this.address = address;
  }
  at(i: number): number {
    const byte = this.env.mem.tryRead(this.address + BigInt(i), 1);
    if (!byte) throw new Unreadable(-Errno.EFAULT);
    return byte[0]!;
  }
}

const lower = (c: number): number => (c >= 0x41 && c <= 0x5a ? c + 0x20 : c);

function guarded(body: () => number): number {
  try {
    return body();
  } catch (error) {
    if (error instanceof Unreadable) return error.errno;
    throw error;
  }
}

function compare(env: RunEnv, a: bigint, b: bigint, fold: boolean, length: bigint): number {
  return guarded(() => {
    const s = new Text(env, a), t = new Text(env, b);
    for (let i = 0; i < MAX; i++) {
      if (BigInt(i) >= length) return 0;
      const x = fold ? lower(s.at(i)) : s.at(i);
      const y = fold ? lower(t.at(i)) : t.at(i);
      // char is signed
      if (x !== y) return (x << 24) < (y << 24) ? -1 : 1;
      if (x === 0) return 0;
    }
    return -Errno.E2BIG;
  });
}

function findChar(env: RunEnv, s: bigint, c: number, length: bigint, orEnd: boolean): number {
  return guarded(() => {
    const text = new Text(env, s);
    for (let i = 0; i < MAX; i++) {
      if (BigInt(i) >= length) return -Errno.ENOENT;
      const x = text.at(i);
      if (x === (c & 0xff)) return i;
      if (x === 0) return orEnd ? i : -Errno.ENOENT;
    }
    return -Errno.E2BIG;
  });
}

function span(env: RunEnv, s: bigint, set: bigint, wanted: boolean): number {
  return guarded(() => {
    const text = new Text(env, s), chars = new Text(env, set);
    for (let i = 0; i < MAX; i++) {
      const x = text.at(i);
      if (x === 0) return i;
      let inSet = false;
      for (let j = 0; ; j++) {
        if (j >= MAX) return -Errno.E2BIG;
        const y = chars.at(j);
        if (y === 0) break;
        if (x === y) {
          inSet = true;
          break;
        }
      }
      if (inSet !== wanted) return i;
    }
    return -Errno.E2BIG;
  });
}

function find(env: RunEnv, a: bigint, b: bigint, length: bigint, fold: boolean): number {
  return guarded(() => {
    const s = new Text(env, a), t = new Text(env, b);
    for (let i = 0; i < MAX; i++) {
      let j = 0;
      for (; BigInt(i + j) <= length && j < MAX; j++) {
        const y = t.at(j);
        if (y === 0) return i;
        if (BigInt(i + j) === length) return -Errno.ENOENT;
        const x = s.at(i + j);
        if (x === 0) return -Errno.ENOENT;
        if ((fold ? lower(x) : x) !== (fold ? lower(y) : y)) break;
      }
      if (j === MAX) return -Errno.E2BIG;
      if (BigInt(i + j) > length) return -Errno.ENOENT;
    }
    return -Errno.E2BIG;
  });
}

const WHOLE = BigInt(MAX);

export const stringKfuncs: HelperTable = {
  bpf_strcmp: helper([A.u64, A.u64], (env, a, b) => compare(env, a, b, false, WHOLE)),
  bpf_strcasecmp: helper([A.u64, A.u64], (env, a, b) => compare(env, a, b, true, WHOLE)),
  bpf_strncasecmp: helper([A.u64, A.u64, A.u64], (env, a, b, length) => compare(env, a, b, true, length)),
  bpf_strchr: helper([A.u64, A.u32], (env, s, c) => findChar(env, s, c, WHOLE, false)),
  bpf_strnchr: helper([A.u64, A.u64, A.u32], (env, s, length, c) => findChar(env, s, c, length, false)),
  bpf_strchrnul: helper([A.u64, A.u32], (env, s, c) => findChar(env, s, c, WHOLE, true)),
  bpf_strrchr: helper([A.u64, A.u32], (env, s, c) => guarded(() => {
    const text = new Text(env, s);
    let last = -Errno.ENOENT as number;
    for (let i = 0; i < MAX; i++) {
      const x = text.at(i);
      if (x === (c & 0xff)) last = i;
      if (x === 0) return last;
    }
    return -Errno.E2BIG;
  })),
  bpf_strlen: helper([A.u64], (env, s) => findChar(env, s, 0, WHOLE, true)),
  bpf_strnlen: helper([A.u64, A.u64], (env, s, length) => {
    const found = findChar(env, s, 0, length, true);
    return found === -Errno.ENOENT ? length : found;
  }),
  bpf_strspn: helper([A.u64, A.u64], (env, s, set) => span(env, s, set, true)),
  bpf_strcspn: helper([A.u64, A.u64], (env, s, set) => span(env, s, set, false)),
  bpf_strstr: helper([A.u64, A.u64], (env, a, b) => find(env, a, b, WHOLE, false)),
  bpf_strcasestr: helper([A.u64, A.u64], (env, a, b) => find(env, a, b, WHOLE, true)),
  bpf_strnstr: helper([A.u64, A.u64, A.u64], (env, a, b, length) => find(env, a, b, length, false)),
  bpf_strncasestr: helper([A.u64, A.u64, A.u64], (env, a, b, length) => find(env, a, b, length, true)),
};

/** Errno numbers of x86-64 Linux (asm-generic/errno-base.h, errno.h, and the kernel-internal ENOTSUPP). */
export const Errno = {
  EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, ENXIO: 6, E2BIG: 7, EBADF: 9, EAGAIN: 11, ENOMEM: 12, EACCES: 13, EFAULT: 14,
  EBUSY: 16, EEXIST: 17, ENODEV: 19, EINVAL: 22, ENOSPC: 28, ERANGE: 34, EDOM: 33, EDEADLK: 35, ENAMETOOLONG: 36, ENOTEMPTY: 39,
  ENODATA: 61, EBADMSG: 74, EOVERFLOW: 75, EILSEQ: 84, EPROTO: 71, EOPNOTSUPP: 95, EAFNOSUPPORT: 97, EADDRINUSE: 98, ENETUNREACH: 101,
  ENOTCONN: 107, ETIMEDOUT: 110, ECONNREFUSED: 111, EHOSTUNREACH: 113, EALREADY: 114, ENOTSUPP: 524, EPROTONOSUPPORT: 93, EMSGSIZE: 90,
} as const;
export type ErrnoName = keyof typeof Errno;

const names = new Map<number, string>(Object.entries(Errno).map(([name, value]) => [value, name]));

/** "EINVAL" for 22 or -22; the number as text when it has no name here. */
export function errnoName(value: number): string {
  const positive = Math.abs(value);
  return names.get(positive) ?? String(positive);
}

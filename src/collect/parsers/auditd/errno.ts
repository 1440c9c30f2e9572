/** Linux's error numbers from 1 on (asm-generic/errno-base.h, errno.h); `-` where there is none or nobody logs it. */
const NAMES = (
  'EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ' +
  'ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ' +
  'ENOLCK ENOSYS ENOTEMPTY ELOOP'
).split(' ')

const NETWORK = (
  'EOPNOTSUPP EPFNOSUPPORT EAFNOSUPPORT EADDRINUSE EADDRNOTAVAIL ENETDOWN ENETUNREACH ENETRESET ECONNABORTED ECONNRESET ENOBUFS ' +
  'EISCONN ENOTCONN ESHUTDOWN ETOOMANYREFS ETIMEDOUT ECONNREFUSED EHOSTDOWN EHOSTUNREACH EALREADY EINPROGRESS'
).split(' ')
const NETWORK_FROM = 95

/** The name of what a system call returned: `-13` is `EACCES`. Undefined where it succeeded or the number has no name here. */
export function errorName(exit: string | undefined): string | undefined {
  if (exit === undefined || !/^-\d{1,3}$/.test(exit)) return undefined
  const number = -Number(exit)
  return NAMES[number - 1] ?? NETWORK[number - NETWORK_FROM]
}

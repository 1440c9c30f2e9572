/** What a record or a system call means: ECS action, category and type. */
export interface Kind {
  readonly action: string
  readonly category: readonly string[]
  readonly type: readonly string[]
}

function kind(action: string, categories: string, types: string): Kind {
  return { action, category: categories === '' ? [] : categories.split(','), type: types === '' ? [] : types.split(',') }
}

function table(...rows: readonly (readonly [names: string, action: string, categories: string, types: string])[]) {
  return new Map(rows.flatMap(([names, ...rest]) => names.split(' ').map((name) => [name, kind(...rest)] as const)))
}

/** System calls that say by themselves what was done. */
export const CALLS: ReadonlyMap<string, Kind> = table(
  ['execve execveat', 'executed', 'process', 'start'],
  ['exit exit_group', 'exited', 'process', 'end'],
  ['open openat openat2 open_by_handle_at', 'opened-file', 'file', 'access'],
  ['creat mknod mknodat mkdir mkdirat link linkat symlink symlinkat', 'created-file', 'file', 'creation'],
  ['unlink unlinkat rmdir', 'deleted', 'file', 'deletion'],
  ['rename renameat renameat2', 'renamed', 'file', 'change'],
  ['chmod fchmod fchmodat fchmodat2', 'changed-file-permissions-of', 'file', 'change'],
  ['chown fchown fchownat lchown', 'changed-file-ownership-of', 'file', 'change'],
  ['setxattr fsetxattr lsetxattr removexattr fremovexattr lremovexattr', 'changed-file-attributes-of', 'file', 'change'],
  ['truncate ftruncate write pwrite64 writev', 'wrote-to-file', 'file', 'change'],
  ['connect', 'connected-to', 'network', 'connection,start'],
  ['accept accept4', 'accepted-connection-from', 'network', 'connection,start'],
  ['bind', 'bound-socket', 'network', 'start'],
  ['listen', 'listen-for-connections', 'network', 'start'],
  ['socket', 'created-socket', 'network', 'info'],
  ['sendto sendmsg sendmmsg', 'sent-to', 'network', 'connection'],
  ['recvfrom recvmsg recvmmsg', 'received-from', 'network', 'connection'],
  ['mount move_mount', 'mounted', 'host,configuration', 'change'],
  ['umount umount2', 'unmounted', 'host,configuration', 'change'],
  ['init_module finit_module create_module', 'loaded-kernel-module', 'driver', 'start'],
  ['delete_module', 'unloaded-kernel-module', 'driver', 'end'],
  ['bpf', 'used-bpf', 'process', 'info'],
  ['kill tkill tgkill', 'killed-pid', 'process', 'end'],
  ['ptrace process_vm_readv process_vm_writev', 'traced-process', 'process', 'access'],
  ['setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid', 'changed-identity-of', 'process', 'change'],
  ['clone clone3 fork vfork', 'forked-process', 'process', 'start'],
  ['adjtimex clock_adjtime clock_settime settimeofday stime', 'changed-system-time', 'host,configuration', 'change'],
  ['sethostname setdomainname', 'changed-system-name', 'host,configuration', 'change'],
  ['swapon swapoff', 'changed-swap', 'host,configuration', 'change'],
  ['reboot', 'rebooted', 'host', 'change'],
  ['kexec_load kexec_file_load', 'loaded-kernel', 'host,configuration', 'change'],
)

/** Records that programs and the kernel write by themselves, and those that say more than their system call. */
export const TYPES: ReadonlyMap<string, Kind> = table(
  ['USER_LOGIN', 'logged-in', 'authentication', 'start'],
  ['USER_LOGOUT', 'logged-out', 'session', 'end'],
  ['USER_AUTH', 'authenticated', 'authentication', 'start'],
  ['USER_ERR', 'error', 'authentication', 'info'],
  ['USER_ACCT', 'was-authorized', 'authentication', 'info'],
  ['CRED_ACQ', 'acquired-credentials', 'authentication', 'info'],
  ['CRED_REFR', 'refreshed-credentials', 'authentication', 'info'],
  ['CRED_DISP', 'disposed-credentials', 'authentication', 'info'],
  ['LOGIN', 'changed-login-id-to', 'authentication', 'info'],
  ['USER_START', 'started-session', 'session', 'start'],
  ['USER_END', 'ended-session', 'session', 'end'],
  ['USER_CMD', 'ran-command', 'process', 'start'],
  ['USER_ROLE_CHANGE ROLE_ASSIGN ROLE_REMOVE ROLE_MODIFY', 'changed-role-to', 'iam', 'user,change'],
  ['USER_CHAUTHTOK ACCT_LOCK ACCT_UNLOCK', 'changed-password', 'iam', 'user,change'],
  ['ADD_USER', 'added-user-account', 'iam', 'user,creation'],
  ['DEL_USER', 'deleted-user-account', 'iam', 'user,deletion'],
  ['USER_MGMT', 'modified-user-account', 'iam', 'user,change'],
  ['ADD_GROUP', 'added-group-account', 'iam', 'group,creation'],
  ['DEL_GROUP', 'deleted-group-account', 'iam', 'group,deletion'],
  ['GRP_MGMT', 'modified-group-account', 'iam', 'group,change'],
  ['GRP_AUTH CHGRP_ID', 'authenticated-to-group', 'authentication', 'info'],
  ['CHUSER_ID', 'changed-user-id', 'process', 'change'],
  ['SERVICE_START', 'started-service', 'process', 'start'],
  ['SERVICE_STOP', 'stopped-service', 'process', 'end'],
  ['SYSTEM_BOOT', 'booted-system', 'host', 'start'],
  ['SYSTEM_SHUTDOWN', 'shutdown-system', 'host', 'end'],
  ['SYSTEM_RUNLEVEL', 'changed-to-runlevel', 'host', 'change'],
  ['DAEMON_START', 'started-audit', 'process', 'start'],
  ['DAEMON_END DAEMON_ABORT', 'shutdown-audit', 'process', 'end'],
  ['DAEMON_CONFIG CONFIG_CHANGE FEATURE_CHANGE USYS_CONFIG', 'changed-audit-configuration', 'configuration', 'change'],
  ['AVC USER_AVC', 'access-decided-by-policy', 'intrusion_detection', 'info'],
  ['SELINUX_ERR USER_SELINUX_ERR', 'caused-mac-policy-error', 'configuration', 'error'],
  ['MAC_STATUS', 'changed-selinux-enforcement', 'configuration', 'change'],
  ['MAC_POLICY_LOAD USER_MAC_POLICY_LOAD', 'loaded-selinux-policy', 'configuration', 'change'],
  ['MAC_CONFIG_CHANGE', 'changed-selinux-boolean', 'configuration', 'change'],
  ['SECCOMP', 'violated-seccomp-policy', 'process', 'denied'],
  ['ANOM_ABEND', 'crashed-program', 'process', 'end'],
  ['ANOM_PROMISCUOUS', 'changed-promiscuous-mode-on-device', 'network,configuration', 'change'],
  ['ANOM_LINK', 'used-suspicious-link', 'file', 'denied'],
  ['ANOM_LOGIN_FAILURES ANOM_LOGIN_TIME ANOM_LOGIN_SESSIONS ANOM_LOGIN_LOCATION', 'login-anomaly', 'authentication', 'info'],
  ['TTY USER_TTY', 'typed', 'process', 'info'],
  ['NETFILTER_CFG', 'changed-firewall-rules', 'configuration', 'change'],
  ['INTEGRITY_DATA INTEGRITY_METADATA INTEGRITY_STATUS INTEGRITY_RULE', 'checked-integrity', 'file', 'info'],
  ['CRYPTO_SESSION', 'started-crypto-session', 'session', 'info'],
  ['CRYPTO_KEY_USER', 'negotiated-crypto-key', 'session', 'info'],
  ['KERN_MODULE', 'loaded-kernel-module', 'driver', 'start'],
  ['SOFTWARE_UPDATE', 'updated-software', 'package', 'change'],
  ['TIME_INJOFFSET TIME_ADJNTPVAL', 'changed-system-time', 'host,configuration', 'change'],
)

/** Programs that log the decision themselves (USER_LOGIN); their USER_AUTH would count it twice. */
const LOGIN_PROGRAMS: ReadonlySet<string> = new Set([
  'sshd',
  'sshd-session',
  'sshd-auth',
  'login',
  'gdm-session-worker',
  'lightdm',
])

/** The meaning of a record of this type that `program` wrote; undefined for types that only accompany others. */
export function kindOfType(type: string, program: string | undefined): Kind | undefined {
  const known = TYPES.get(type)
  if (type === 'USER_AUTH' && known !== undefined && program !== undefined && LOGIN_PROGRAMS.has(program)) {
    return { ...known, type: ['info'] }
  }
  return known
}

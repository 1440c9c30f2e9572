/**
 * The events that must be collected at the least (docs/minimum-events.md), in a fixed order: the place is the bit that host
 * rows keep, so that kinds are only ever added at the end.
 */
export const MINIMUM_KINDS = [
  'sign-in-success',
  'sign-in-failure',
  'password-reset',
  'second-factor',
  'access-denied',
  'input-validation',
  'privilege-change',
  'security-setting-change',
  'data-deletion',
  'linux-file-access',
  'linux-system-calls',
  'linux-commands',
  'linux-network',
  'windows-sign-in',
  'windows-object-access',
  'windows-policy-change',
  'log-tampering',
] as const
export type MinimumKind = (typeof MINIMUM_KINDS)[number]

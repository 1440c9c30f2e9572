import type { RetentionPolicy } from '../policy.ts'

/** Three days for everything, one for a noisy source, ten for a scope. */
export const POLICY: RetentionPolicy = {
  days: 3,
  size: null,
  exceptions: [
    { field: 'kanpeki.source', name: 'noisy', days: 1 },
    { field: 'kanpeki.scope', name: 'bank', days: 10 },
  ],
  alertDays: null,
}

import type { IntegrityReport } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { createWaiters } from '../../platform/waiters.ts'
import { type Audited, createAudited } from './audited.ts'

/** What watches the files, for those who ask how they stand. */
export interface Watching {
  /** Undefined until everything was read once. */
  readonly report: () => IntegrityReport | undefined
  /** Takes what is now as the baseline. */
  readonly accept: (command: string) => Promise<{ readonly digest: string; readonly paths: number; readonly changes: number }>
}

/** How the host's files stand, shared by what watches them, what reports them and what accepts them. */
export interface Integrity {
  readonly audited: Audited
  /** @returns what takes it away again. */
  readonly attach: (watching: Watching) => () => void
  readonly report: () => IntegrityReport | undefined
  /** The report is another one. */
  readonly changed: () => void
  /** Resolves at the next change, or when the signal ends. */
  readonly next: (signal: AbortSignal) => Promise<void>
  /** Accepts a state that a person saw. @throws KanpekiError `agent_refuses` where it is another one by now. */
  readonly accept: (state: string, command: string) => Promise<AgentReceipt>
}

export function createIntegrity(): Integrity {
  let watching: Watching | undefined
  const { wake: changed, next } = createWaiters()
  return {
    audited: createAudited(),
    attach(given) {
      watching = given
      return () => {
        if (watching === given) watching = undefined
      }
    },
    report: () => watching?.report(),
    changed,
    next,
    async accept(state, command) {
      const report = watching?.report()
      if (watching === undefined || report === undefined)
        throw new KanpekiError('agent_refuses', 'The files have not all been read yet; try again in a moment.')
      if (report.baseline?.command === command)
        return { outcome: 'already', detail: { digest: report.baseline.digest, paths: report.paths, changes: 0 } }
      if (report.state !== state)
        throw new KanpekiError('agent_refuses', 'More has changed on the host than what was looked at.', {
          remedy: 'Look at the changes again, and accept them then.',
        })
      const detail = await watching.accept(command)
      changed()
      return { outcome: 'done', detail }
    },
  }
}

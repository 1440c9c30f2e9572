import { AsyncLocalStorage } from 'node:async_hooks'
import { KanpekiError } from '../../kernel/error.ts'

interface Mark {
  /** False once it ended, for work that was started inside and outlives it. */
  active: boolean
}

const running = new AsyncLocalStorage<Mark>()

/** Runs `work` as the inside of a transaction. */
export async function insideTransaction<R>(work: () => Promise<R>): Promise<R> {
  const mark: Mark = { active: true }
  try {
    return await running.run(mark, work)
  } finally {
    mark.active = false
  }
}

/** @throws KanpekiError `state_nested` when called from inside a transaction, whose end it would wait for. */
export function refuseBesideTransaction(): void {
  if (running.getStore()?.active !== true) return
  throw new KanpekiError('state_nested', 'A write outside the running transaction would wait for it for ever.', {
    remedy: 'Use the transaction handed to the function for everything inside it.',
  })
}

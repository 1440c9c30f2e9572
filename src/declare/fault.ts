import { isWorn } from '../kernel/measure.ts'
import type { Memory } from './evaluate.ts'

/**
 * What is remembered of a card that could not be judged: a badge that nobody can judge is not worn. One that was not worn
 * stays what it was.
 * @param now milliseconds UTC.
 */
export function faultedMemory(memory: Memory, detail: string, now: number): Memory {
  if (!isWorn(memory.state)) return memory
  return {
    ...memory,
    state: 'withdrawn',
    since: now,
    withdrawnAt: now,
    allMetSince: null,
    reasons: [{ code: 'evaluation-fault', params: { detail } }],
  }
}

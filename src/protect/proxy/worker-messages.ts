import type { JudgeAnswer, JudgeQuestion } from '../logins/judges.ts'
import type { ScanAnswer, ScanQuestion } from './remote-scan.ts'

/** Settings as JSON, for the processes that serve. */
export const SETTINGS_VARIABLE = 'KANPEKI_WAF_SETTINGS'

export type WorkerMessage =
  | { readonly kind: 'ready'; readonly loaded: number; readonly refused: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'warning'; readonly text: string }
  | JudgeQuestion
  | ScanQuestion

export type SupervisorMessage = 'end' | 'retire' | 'reopen' | JudgeAnswer | ScanAnswer

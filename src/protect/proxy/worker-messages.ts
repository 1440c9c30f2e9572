import type { JudgeAnswer, JudgeQuestion } from '../logins/judges.ts'
import type { ScanAnswer, ScanQuestion } from './remote-scan.ts'

/** Settings as JSON, for the processes that serve. */
export const SETTINGS_VARIABLE = 'KANPEKI_WAF_SETTINGS'

export type WorkerMessage =
  | { readonly kind: 'ready'; readonly loaded: number; readonly refused: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'warning'; readonly text: string }
  /** It accepts nothing any more and has answered all it had. */
  | { readonly kind: 'closed' }
  | JudgeQuestion
  | ScanQuestion

/** `farewell` answers `closed`: connections that were on their way to the worker came before it. */
export type SupervisorMessage = 'end' | 'retire' | 'reopen' | 'farewell' | JudgeAnswer | ScanAnswer

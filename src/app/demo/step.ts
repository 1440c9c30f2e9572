import type { JsonObject } from '../../kernel/json.ts'

/** Which machine or program speaks, and so through which door the record comes in. */
export type StorySource = 'access' | 'auth' | 'app' | 'agent' | 'windows'

/** Something that happens `at` milliseconds after the curtain; `record` writes it down once the wall clock is known. */
export interface Step {
  readonly at: number
  readonly act: number
  readonly source: StorySource
  readonly record: (time: number) => string | JsonObject
}

export const seconds = (count: number): number => count * 1000
export const minutes = (count: number): number => count * 60_000

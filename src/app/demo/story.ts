import type { JsonObject } from '../../kernel/json.ts'
import { attack, STORY_END } from './attack.ts'
import { background } from './background.ts'
import { seededRandom } from './random.ts'
import type { StorySource } from './step.ts'

/** One record of the story, as it comes over the wire. */
export interface StoryItem {
  /** Milliseconds after the curtain, at the speed asked for; never decreasing. */
  readonly atMs: number
  readonly source: StorySource
  /** A syslog line (RFC 5424) for `access` and `auth`, otherwise the client's JSON object. */
  readonly record: string | JsonObject
  /** 0 is ordinary work; 1–5 as in `content/demo/story.yml`. */
  readonly act: number
}

export interface StoryOptions {
  /** The time that stands in the first record, milliseconds UTC. */
  readonly startMs: number
  /** 1 is human speed, nine minutes; 60 tells it in nine seconds. Times in the records are shortened alike. */
  readonly speed?: number
}

/** How long the story takes at this speed, milliseconds. */
export function storyLength(speed = 1): number {
  return STORY_END / speed
}

/**
 * A day at a small shop, and a break-in: credential stuffing, a web shell, remote desktop from host to host, a copying
 * tool, cleared logs, with ordinary work around it. The same seed, start and speed give the same records.
 */
export function* story(seed: number, { startMs, speed = 1 }: StoryOptions): Generator<StoryItem, void, undefined> {
  const steps = [...background(seededRandom(seed), STORY_END), ...attack(seededRandom(seed ^ 0x5eed))]
  const inOrder = steps.map((step, index) => ({ step, index })).sort((a, b) => a.step.at - b.step.at || a.index - b.index)
  for (const { step } of inOrder) {
    const atMs = Math.round(step.at / speed)
    yield { atMs, source: step.source, record: step.record(startMs + atMs), act: step.act }
  }
}

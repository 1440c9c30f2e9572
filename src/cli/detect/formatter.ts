import type { Hit } from './hit.ts'

/** Turns hits into text, one by one; `end` closes the document. */
export interface Formatter {
  hit(hit: Hit): string
  end(): string
}

import type { Language } from '../../platform/report/model.ts'
import type { Bundle } from '../verify/bundle-format.ts'
import type { Found } from './read.ts'
import type { Titles } from './say-entry.ts'
import type { Figures } from './words.ts'

/** What every part of the report is drawn from. */
export interface Material {
  readonly bundle: Bundle
  readonly entries: readonly Found[]
  readonly titles: Titles
  readonly figures: Figures
  readonly language: Language
}

import { expect, it } from 'vitest'
import { preferredLanguage } from './preferred-language.ts'

it.each([
  [undefined, 'en'],
  ['ja', 'ja'],
  ['ja-JP,ja;q=0.9,en;q=0.8', 'ja'],
  ['en-US,en;q=0.9,ja;q=0.8', 'en'],
  ['fr,ja;q=0.5', 'ja'],
  ['ja;q=0,en;q=0.1', 'en'],
  ['fr', 'en'],
  ['ja;q=x', 'ja'],
] as const)('who accepts %s is spoken to in %s', (accepted, language) => expect(preferredLanguage(accepted)).toBe(language))

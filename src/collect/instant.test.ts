import { expect, it } from 'vitest'
import { instantOf } from './instant.ts'
import { timeOf } from './parsers/json-ecs/time.ts'

it('keeps the millisecond of an epoch, whatever its unit', () => {
  const wrong: string[] = []
  for (let ms = 0; ms < 1000; ms++) {
    const seconds = 1_700_000_000 + ms * 86_413
    const fraction = String(ms).padStart(3, '0')
    const texts = [`${seconds}.${fraction}`, `${seconds}${fraction}`, `${seconds}${fraction}000`, `${seconds}${fraction}000000`]
    for (const value of [...texts, ...texts.map(Number)]) {
      if (instantOf(value) !== new Date(seconds * 1000 + ms).toISOString()) wrong.push(`instantOf ${value}`)
      if (timeOf(value, 0) !== seconds * 1000 + ms) wrong.push(`timeOf ${value}`)
    }
    if (instantOf(`${seconds}${fraction}998000`) !== instantOf(`${seconds}${fraction}`)) wrong.push(`${seconds}${fraction}998000`)
  }
  expect(wrong).toEqual([])
})

import { expect, it } from 'vitest'
import { normaliseDocument } from './document.ts'

it('keeps both where a dotted key holds an object beside a nested one', () => {
  expect(normaliseDocument({ x: { y: { z: { p: 1 }, k: 1 } }, 'x.y': { z: { q: 2 }, k: 2, w: 3 } })).toEqual({
    x: { y: { z: { p: 1, q: 2 }, k: 1, w: 3 } },
    'x.y.k': 2,
  })
})

it('takes a number below zero that is sent as text for the number', () => {
  expect(normaliseDocument({ process: { exit_code: '-1073741819', pid: '7' } })).toEqual({
    process: { exit_code: -1073741819, pid: 7 },
  })
  expect(normaliseDocument({ process: { exit_code: '--1' } })).toEqual({ process: { exit_code_original: '--1' } })
})

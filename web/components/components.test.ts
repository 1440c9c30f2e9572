import { expect, it } from 'vitest'
import { glyphOfSource, recentRate, wordOf } from '../pages/sources/source-glyph.ts'
import { roundUp } from './figures/rate-chart.tsx'
import { keyName } from './keys.ts'
import { ROOMS, roomOf } from './shell/rooms.ts'

const press = (key: string, more: Partial<KeyboardEvent> = {}): KeyboardEvent => ({ key, ...more }) as KeyboardEvent

it('names keys, and hears nothing while an IME composes', () => {
  expect(keyName(press('T'))).toBe('t')
  expect(keyName(press('X', { shiftKey: true }))).toBe('shift+x')
  expect(keyName(press('?', { shiftKey: true }))).toBe('?')
  expect(keyName(press('k', { metaKey: true }))).toBe('mod+k')
  expect(keyName(press('Enter', { isComposing: true }))).toBeUndefined()
  expect(keyName(press('Process'))).toBeUndefined()
  expect(keyName(press('Enter', { keyCode: 229 }))).toBeUndefined()
})

it('gives every room its own key and address', () => {
  expect(new Set(ROOMS.map((room) => room.key)).size).toBe(ROOMS.length)
  for (const room of ROOMS) expect(roomOf(room.to)).toBe(room.id)
  expect(roomOf('/settings/people')).toBe('settings')
})

it('never shows a silent or failed source as sound', () => {
  expect(wordOf({ enabled: true, state: 'running', silence: 'silent' })).toBe('silent')
  expect(wordOf({ enabled: true, state: 'failed', silence: 'ok' })).toBe('failed')
  expect(wordOf({ enabled: false, state: 'running', silence: 'ok' })).toBe('off')
  expect(wordOf({ enabled: true, state: 'running', silence: 'unwatched' })).toBe('ok')
  expect(['silent', 'failed', 'never', 'off'].map((word) => glyphOfSource(word as 'silent'))).toEqual([
    'gone',
    'gone',
    'gone',
    'gone',
  ])
})

it('takes rates over whole minutes', () => {
  expect(recentRate([0, 60, 60, 60, 60, 60, 9])).toBe(1)
  expect(recentRate([5])).toBe(0)
})

it('rounds a chart up to a number people read', () => {
  expect([3, 7, 12, 26, 70, 900, 1001].map(roundUp)).toEqual([4, 10, 20, 50, 100, 1000, 2000])
})

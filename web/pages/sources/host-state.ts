import type { HostView } from '../../../src/collect/completeness/schema.ts'
import type { GlyphState } from '../../components/state-glyph.tsx'

export const HOST_WORDS = ['silent', 'skewed', 'gaps', 'young', 'ok'] as const
export type HostWord = (typeof HOST_WORDS)[number]

/** Numbers that never came where the sender leaves none out. */
export function lostOf(host: Pick<HostView, 'streams'>): number {
  const dense = host.streams.filter(({ density }) => density === 'dense')
  // A program's numbers are a part of its host's where those have no holes of their own.
  const whole = dense.some(({ name }) => name === 'syslog')
  return dense.reduce((sum, { name, missing }) => (whole && name.startsWith('syslog:') ? sum : sum + missing), 0)
}

export function duplicatesOf(host: Pick<HostView, 'streams'>): number {
  return host.streams.filter(({ density }) => density === 'dense').reduce((most, { duplicates }) => Math.max(most, duplicates), 0)
}

/** What is wrong with a host, the worst first. One that is new is neither missed nor counted by its clock yet. */
export function wordOfHost(host: Pick<HostView, 'silent' | 'skewed' | 'young' | 'streams'>): HostWord {
  if (host.silent) return 'silent'
  if (host.skewed && !host.young) return 'skewed'
  if (lostOf(host) > 0) return 'gaps'
  return host.young ? 'young' : 'ok'
}

/** Silence and loss are missing evidence; a wrong clock is a risk. */
export function glyphOfHost(word: HostWord): GlyphState {
  if (word === 'ok') return 'met'
  return word === 'skewed' || word === 'young' ? 'risk' : 'gone'
}

/** `+09:00` of minutes. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

import { createHash } from 'node:crypto'
import type { Step } from './schema.ts'
import { WIRES } from './wires.ts'

/** What one part of a run (the attack, or one near miss) is told apart from all others by. */
export interface Part {
  readonly run: string
  readonly scenario: string
  /** 0 is the attack, 1 … the near misses. */
  readonly part: number
}

interface Moment {
  /** Milliseconds UTC. */
  readonly time: number
  /** Counts the records of a step from 0. */
  readonly n: number
  /** Counts the records of a part from 1. */
  readonly serial: number
  /** 64 hexadecimal digits that no other part has. */
  readonly own: string
  readonly zoneMinutes: number
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** What `<<name>>` in a raw record stands for. */
const PLACEHOLDERS: Readonly<Record<string, (moment: Moment) => string>> = {
  // Whom and what a record is about: of this part alone, so that no two runs meet in one window.
  host: ({ own }) => `st-${own.slice(0, 8)}`,
  'other-host': ({ own }) => `st-${own.slice(8, 16)}`,
  user: ({ own }) => `u${own.slice(0, 7)}`,
  domain: ({ own }) => `d${own.slice(0, 10)}.example`,
  /** An address out of the block for benchmarks (RFC 2544): nobody's on the internet, and not a private one. */
  ip: ({ own }) => `198.${18 + (byte(own, 0) & 1)}.${byte(own, 1)}.${1 + (byte(own, 2) % 254)}`,
  'ip-n': ({ own, n }) => `198.${18 + (byte(own, 0) & 1)}.${byte(own, 1)}.${1 + ((byte(own, 2) + n) % 254)}`,
  inside: ({ own }) => `10.${byte(own, 3)}.${byte(own, 4)}.${1 + (byte(own, 5) % 254)}`,
  octet: ({ own }) => String(byte(own, 6)),
  id: ({ own }) => own.slice(0, 12),
  account: ({ own }) => String(100_000_000_000 + (Number.parseInt(own.slice(0, 9), 16) % 900_000_000_000)),
  uuid: ({ own, serial }) => uuid(own, serial),
  n: ({ n }) => String(n),
  serial: ({ serial }) => String(1_000 + serial),
  /** 40 characters that differ from record to record. */
  noise: ({ own, n }) => sha(`${own} ${n}`).slice(0, 40),
  // When, as each source writes it.
  iso: ({ time }) => new Date(time).toISOString(),
  'iso-s': ({ time }) => `${new Date(time).toISOString().slice(0, 19)}Z`,
  space: ({ time }) => new Date(time).toISOString().slice(0, 23).replace('T', ' '),
  clf: ({ time }) => clf(new Date(time)),
  epoch: ({ time }) => String(Math.floor(time / 1000)),
  'epoch-ms': ({ time }) => (time / 1000).toFixed(3),
  bind: ({ time, zoneMinutes }) => bind(new Date(time + zoneMinutes * 60_000)),
  rfc3164: ({ time, zoneMinutes }) => rfc3164(new Date(time + zoneMinutes * 60_000)),
}

const NAME = /<<([a-z][a-z0-9-]*)>>/g

export function placeholdersIn(raw: string): { readonly name: string; readonly known: boolean }[] {
  return [...raw.matchAll(NAME)].map(([, name]) => ({ name: name!, known: Object.hasOwn(PLACEHOLDERS, name!) }))
}

/** Seconds that a part takes. */
export function lengthOf(steps: readonly Step[]): number {
  return Math.max(...steps.map(({ after, repeat, every }) => after + (repeat - 1) * every))
}

/**
 * The bytes of a part in the order in which they happen, one record each, the last of them at `end`.
 * @param end milliseconds UTC.
 * @param zoneMinutes east of UTC, for forms without a zone.
 */
export function renderPart(steps: readonly Step[], part: Part, end: number, zoneMinutes: number): readonly string[] {
  const own = sha(`${part.run}\0${part.scenario}\0${part.part}`)
  const begin = end - lengthOf(steps) * 1000
  const moments = steps.flatMap((step) =>
    Array.from({ length: step.repeat }, (_, n) => ({ step, n, time: begin + (step.after + n * step.every) * 1000 })),
  )
  return moments
    .sort((a, b) => a.time - b.time)
    .map(({ step, n, time }, at) => {
      const moment: Moment = { time: Math.round(time), n, serial: at + 1, own, zoneMinutes }
      const text = step.raw.replaceAll(NAME, (_, name: string) => PLACEHOLDERS[name]!(moment))
      return WIRES[step.wire].unit === 'document' ? text.replaceAll(/\s*\n\s*/g, '') : text.trimEnd()
    })
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function byte(own: string, at: number): number {
  return Number.parseInt(own.slice(16 + at * 2, 18 + at * 2), 16)
}

/** Of version 4's form, made of what is given. */
function uuid(own: string, serial: number): string {
  const hex = sha(`${own} ${serial} uuid`)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function clf(at: Date): string {
  return `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`
}

function rfc3164(at: Date): string {
  return `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2, ' ')} ${at.toISOString().slice(11, 19)}`
}

function bind(at: Date): string {
  return `${two(at.getUTCDate())}-${MONTHS[at.getUTCMonth()]}-${at.getUTCFullYear()} ${at.toISOString().slice(11, 23)}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

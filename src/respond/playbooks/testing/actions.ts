import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'

/** Where a call is held up, for tests that end the process there. */
export type Hold = (action: string, point: 'before' | 'after', signal: AbortSignal) => Promise<void>

/** What the actions below did to their folder, line by line: one line is one effect that somebody would notice. */
export function effectsIn(folder: string): string[] {
  const file = join(folder, 'effects.log')
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
}

/** Three small actions on the files of a folder, one of each kind of `repeats`; what they do is real, and can be counted. */
export function fileActions(folder: string, hold: Hold = async () => {}): ReadonlyMap<string, Action> {
  mkdirSync(folder, { recursive: true })
  const effect = (line: string): void => appendFileSync(join(folder, 'effects.log'), `${line}\n`)
  const at = (name: string): string => join(folder, `blocked-${encodeURIComponent(name)}`)
  const ticketAt = (key: string): string => join(folder, `ticket-${key}`)
  const summary = (text: string) => ({ en: text, ja: `${text}（試験）` })
  const address = z.strictObject({ address: z.string().min(1) })
  const text = z.strictObject({ text: z.string() })

  const block: Action<z.infer<typeof address>> = {
    id: 'block',
    title: summary('Block'),
    input: address,
    repeats: 'repeat',
    plan: async (input) => ({
      summary: summary(`Block ${input.address}`),
      targets: [{ kind: 'address', name: input.address }],
      reversible: true,
      before: { blocked: existsSync(at(input.address)) },
    }),
    async run(input, context) {
      await hold('block', 'before', context.signal)
      if (!existsSync(at(input.address))) effect(`block ${input.address}`)
      writeFileSync(at(input.address), '')
      await hold('block', 'after', context.signal)
      return context.before?.['blocked'] === true
        ? { outcome: 'already', detail: { address: input.address } }
        : { outcome: 'done', detail: { address: input.address }, undo: { address: input.address } }
    },
    async undo(receipt) {
      const name = String(receipt.undo?.['address'])
      if (existsSync(at(name))) effect(`unblock ${name}`)
      rmSync(at(name), { force: true })
      return { outcome: 'done', detail: { address: name } }
    },
  }
  const ticket: Action<z.infer<typeof text>> = {
    id: 'ticket',
    title: summary('Ticket'),
    input: text,
    repeats: 'key',
    plan: async (input) => ({
      summary: summary(`Open ${input.text}`),
      targets: [{ kind: 'ticket', name: 'tickets' }],
      reversible: false,
    }),
    async run(input, context) {
      await hold('ticket', 'before', context.signal)
      effect(`ticket ${input.text}`)
      writeFileSync(ticketAt(context.key), '')
      await hold('ticket', 'after', context.signal)
      return { outcome: 'done', detail: { id: context.key.slice(0, 6) } }
    },
    find: async (_, context) =>
      existsSync(ticketAt(context.key)) ? { outcome: 'done', detail: { id: context.key.slice(0, 6) } } : undefined,
  }
  const letter: Action<z.infer<typeof text>> = {
    id: 'letter',
    title: summary('Letter'),
    input: text,
    repeats: 'once',
    plan: async (input) => ({
      summary: summary(`Send ${input.text}`),
      targets: [{ kind: 'message', name: 'somebody' }],
      reversible: false,
    }),
    async run(input, context) {
      await hold('letter', 'before', context.signal)
      effect(`letter ${input.text}`)
      await hold('letter', 'after', context.signal)
      return { outcome: 'done', detail: {} }
    },
  }
  const wipe: Action<z.infer<typeof address>> = {
    id: 'wipe',
    title: summary('Wipe'),
    input: address,
    repeats: 'repeat',
    plan: async (input) => ({
      summary: summary(`Wipe ${input.address}`),
      targets: [{ kind: 'host', name: input.address }],
      reversible: false,
    }),
    async run(input) {
      effect(`wipe ${input.address}`)
      return { outcome: 'done', detail: {} }
    },
  }
  let failures = 0
  const shaky: Action<z.infer<typeof text>> = {
    id: 'shaky',
    title: summary('Shaky'),
    input: text,
    repeats: 'repeat',
    plan: async () => ({ summary: summary('Shake'), targets: [{ kind: 'nothing', name: 'it' }], reversible: true }),
    async run(input) {
      if (failures++ < Number(input.text)) throw new KanpekiError('unavailable', 'It shakes.')
      return { outcome: 'done', detail: { tries: failures } }
    },
  }
  const all = [block, ticket, letter, wipe, shaky] as unknown as readonly Action[]
  return new Map(all.map((one) => [one.id, one]))
}

import { z } from 'zod'
import type { Action } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { ActionDeps } from '../../actions-support/deps.ts'
import { fingerprintOf, keysFile, readLines, replaceLines } from '../../actions-support/secrets/authorized-keys.ts'
import { connectionName } from '../../connections/schema.ts'

const input = z.strictObject({
  account: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: 'This is no name of a local account.' }),
  fingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, { error: 'Write it as ssh-keygen -l does: SHA256:….' }),
  /** A public key for its place: type, key, comment; no options. */
  replacement: z
    .string()
    .max(4000)
    .regex(
      /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) [A-Za-z0-9+/]+={0,2}( [\w.@-]{0,200})?$/,
    )
    .optional(),
  on: connectionName.optional(),
})
type Input = z.infer<typeof input>

/** Takes a public key out of a file of authorised keys, or puts another in its place. */
export function rotateSshKey({ connections }: ActionDeps): Action<Input> {
  const fileOf = async (
    scope: string,
    on: string | undefined,
    account: string,
  ): Promise<{ readonly on: string; readonly file: string }> => {
    const [connection, another] = await connections.of(scope, ['authorized-keys'], on)
    if (another !== undefined)
      throw new KanpekiError('no_connection', 'There are several places of keys.', { remedy: 'Say in the step which one.' })
    return { on: connection!.name, file: keysFile(connection!.settings.file, account) }
  }
  return {
    id: 'rotate-ssh-key',
    title: { en: 'Rotate an SSH key', ja: 'SSH 公開鍵の失効・交換' },
    input: input as z.ZodType<Input>,
    repeats: 'repeat',
    async plan({ account, fingerprint, replacement, on }, { scope }) {
      const { file } = await fileOf(scope, on, account)
      const lines = (await readLines(file)).filter((line) => fingerprintOf(line) === fingerprint)
      if (lines.length === 0) throw new KanpekiError('not_found', `${account} has no key ${fingerprint}.`)
      return {
        summary: {
          en: `${replacement === undefined ? 'Take' : 'Replace'} the key ${fingerprint} of ${account}${replacement === undefined ? ' away' : ''}`,
          ja: `${account} の公開鍵 ${fingerprint} を${replacement === undefined ? '削除' : '交換'}します`,
        },
        targets: [{ kind: 'secret', name: `${account} ${fingerprint}` }],
        reversible: true,
        before: { lines },
      }
    },
    async run({ account, fingerprint, replacement, on: asked }, { scope, before }) {
      const { on, file } = await fileOf(scope, asked, account)
      const now = await readLines(file)
      const held = now.filter((line) => fingerprintOf(line) === fingerprint)
      const lines = Array.isArray(before?.['lines']) ? (before['lines'] as string[]) : held
      if (held.length > 0) {
        const first = now.indexOf(held[0]!)
        await replaceLines(
          file,
          now.flatMap((line, at) => {
            if (fingerprintOf(line) !== fingerprint) return [line]
            return at === first && replacement !== undefined ? [replacement] : []
          }),
        )
      }
      return {
        outcome: lines.length === 0 ? 'already' : 'done',
        detail: { on, account, fingerprint },
        ...(lines.length === 0 ? {} : { undo: { on, account, fingerprint, lines, replacement: replacement ?? '' } }),
      }
    },
    async undo({ undo }, { scope }) {
      const kept = undo as unknown as { on: string; account: string; fingerprint: string; lines: string[]; replacement: string }
      const { file } = await fileOf(scope, kept.on, kept.account)
      const now = await readLines(file)
      if (now.some((line) => fingerprintOf(line) === kept.fingerprint)) return { outcome: 'already', detail: {} }
      const others = now.filter((line) => kept.replacement === '' || line !== kept.replacement)
      const end = others.at(-1) === '' ? [''] : []
      await replaceLines(file, [...(end.length > 0 ? others.slice(0, -1) : others), ...kept.lines, ...end])
      return { outcome: 'done', detail: { on: kept.on, account: kept.account, fingerprint: kept.fingerprint } }
    },
  }
}

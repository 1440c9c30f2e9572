import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import type { proposeResponse } from '../declare/schema.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { EXIT } from './options.ts'
import { callApi } from './remote.ts'
import { send } from './request.ts'
import { type ServerOptions, serverOf, tokenOf } from './server-of.ts'
import { plainLines } from './terminal-text.ts'

type Proposed = z.infer<typeof proposeResponse>

/**
 * Proposes cards to a server, each as it stands in its file: what is there already changes nothing, and what promises less
 * waits for other people's signatures like everything else. Exit 0 all taken, 1 one was refused, 2 a file cannot be read.
 */
export async function declareApply(
  files: readonly string[],
  { dryRun, json, ...options }: ServerOptions & { readonly dryRun: boolean; readonly json: boolean },
): Promise<number> {
  const server = await serverOf(options, 'admin', 'declare apply on this host')
  let code: number = EXIT.ok
  for (const file of files) {
    try {
      const yaml = await readFile(file, 'utf8').catch((error: unknown) => {
        throw new KanpekiError('unreadable', messageOf(error))
      })
      const reply = await callApi<Proposed>(server, await tokenOf(server), 'POST', '/api/v1/cards', { yaml, dryRun })
      process.stdout.write(json ? `${JSON.stringify({ file, ok: true, ...reply })}\n` : plainLines(describe(file, reply, dryRun)))
    } catch (error) {
      if (!(error instanceof KanpekiError)) throw error
      if (error.code === 'unreadable') code = 2
      else if (code === EXIT.ok) code = EXIT.failed
      const told = { file, ok: false, code: error.code, message: error.message, remedy: error.remedy ?? null }
      process.stdout.write(json ? `${JSON.stringify(told)}\n` : plainLines(`${file}: ${error.describe()}\n`))
    }
  }
  return code
}

/** The card as the server has it, in full: what `apply` takes. */
export async function declareShow(id: string, options: ServerOptions): Promise<number> {
  const server = await serverOf(options, 'read', 'declare show on this host')
  const path = `/api/v1/cards/${encodeURIComponent(id)}/source?form=whole`
  const { status, text } = await send(server, path, { method: 'GET', headers: { authorization: `Bearer ${server.token ?? ''}` } })
  if (status !== 200) throw new KanpekiError('refused', `The server answered ${status} for ${id}.`)
  process.stdout.write(text)
  return EXIT.ok
}

function describe(file: string, { id, version, stored, changes, required }: Proposed, dryRun: boolean): string {
  const what = dryRun ? 'would be proposed' : stored ? 'proposed' : 'known already'
  const signatures = stored || dryRun ? `, ${required} ${required === 1 ? 'signature' : 'signatures'} needed` : ''
  const lines = changes.map(({ effect, text }) => `  ${effect.padEnd(8)}  ${text.en}\n`)
  return `${file}: ${id} ${version}: ${what}${signatures}\n${lines.join('')}`
}

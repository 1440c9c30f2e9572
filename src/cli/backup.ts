import { statSync } from 'node:fs'
import { open as openFile, readFile, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { makeBackup } from '../app/care/make-backup.ts'
import { checkBackup } from '../app/care/restore-backup.ts'
import { backupDeps, ESTIMATE_HEADER, SKIPPED_HEADER } from '../app/care/routes.ts'
import { startServices } from '../app/services.ts'
import { VERSION } from '../app/version.ts'
import { KanpekiError } from '../kernel/error.ts'
import { moveDurably } from '../platform/atomic-file.ts'
import { readConfig } from '../platform/config.ts'
import { parseVerifierKey, type VerifierKey } from '../prove/verify/note.ts'
import { localServer } from './local-server.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { showProgress, sizeText } from './progress.ts'
import { open, type ServerRef, urlOf } from './request.ts'
import { terminalLog } from './terminal-log.ts'

const USAGE = `Usage: kanpeki backup [--data DIR | --url URL --token T] [-o FILE|DIR] [--with-seal-key] [--json]

Writes one archive of everything: events, state, ledger, keys, rules, cards and settings. The server may run and take in
events meanwhile. The archive is read back and checked before it gets its name.

  --data DIR        the data folder (default ./data)
  --url URL         another machine's server, with --token (or KANPEKI_TOKEN) of an administrator of every scope
  -o, --output PATH a file, or a folder to name one in (default ./kanpeki-backup-TIME.tar)
  --with-seal-key   also the key that opens the sealed secrets: keep such an archive as you keep that key
  --json            the result as one JSON object
`

export function backupCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values } = readOptions(
      {
        args: [...args],
        strict: true,
        options: {
          data: { type: 'string' },
          url: { type: 'string' },
          token: { type: 'string' },
          output: { type: 'string', short: 'o' },
          'with-seal-key': { type: 'boolean', default: false },
          json: { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(USAGE)
      return EXIT.ok
    }
    if (values.url !== undefined && values.data !== undefined)
      throw new KanpekiError('usage', 'Give --data or --url, not both.', { remedy: `\n${USAGE}` })
    const target = targetOf(values.output, new Date())
    const started = performance.now()
    const data = values.data ?? './data'
    const withSealKey = values['with-seal-key']
    const from =
      values.url === undefined
        ? await fromFolder(data, withSealKey)
        : await fromServer(values.url, values.token ?? process.env['KANPEKI_TOKEN'], withSealKey)
    const keys = values.url === undefined ? await ledgerKey(data) : []
    try {
      const { manifest, bytes } = await writeChecked(from, target, keys)
      const seconds = Math.round(performance.now() - started) / 1000
      const { ledger, lake, sealKey, state } = manifest
      if (values.json) {
        const events = { events: lake.events, lastReceived: lake.lastReceived }
        process.stdout.write(
          `${JSON.stringify({ file: target, bytes, seconds, made: manifest.made, ledger, ...events, sealKey })}\n`,
        )
        return EXIT.ok
      }
      process.stdout.write(`${target}\n`)
      const lines = [
        `${sizeText(bytes)} in ${seconds} s: ${lake.events} events, ${ledger.size} ledger entries, ${manifest.files.length} files. Read back and checked.`,
        ...(from.skipped.length === 0 ? [] : [`Not in it, since they are no plain files: ${from.skipped.join(', ')}.`]),
        ...(lake.kind === 'elsewhere' ? ['Not in it: the events, which are in a cluster that has backups of its own.'] : []),
        ...(state.kind === 'rows' ? ['The state is in it as rows, which an empty PostgreSQL or SQLite takes.'] : []),
        sealKey.included
          ? 'The seal key IS in it: whoever has this file has every secret. Keep it as you keep the key.'
          : `The seal key ${sealKey.id} is NOT in it: keep a copy of that key elsewhere, or nothing can be restored.`,
      ]
      process.stderr.write(`${lines.join('\n')}\n`)
      return EXIT.ok
    } finally {
      await from.close()
    }
  })
}

interface From {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly estimate: number
  readonly skipped: readonly string[]
  close(): Promise<void>
}

/** The running server makes it, since it holds the lake; where none runs, its parts are started here for as long. */
async function fromFolder(data: string, withSealKey: boolean): Promise<From> {
  const server = await localServer(data, 'admin', 'backup')
  if (server !== undefined) return await fromServer(server, server.token, withSealKey)
  const config = readConfig(data, {}, process.env)
  if (!statSync(config.data, { throwIfNoEntry: false })?.isDirectory())
    throw new KanpekiError('usage', `There is no folder ${config.data}.`, { remedy: 'Give the data folder with --data DIR.' })
  const services = await startServices(config, terminalLog(), { progressed: () => {} })
  try {
    const backup = await services.inTurn(() => makeBackup(backupDeps(services, VERSION), { by: 'kanpeki backup', withSealKey }))
    return {
      ...backup,
      close: async () => {
        await backup.release()
        await services.stop()
      },
    }
  } catch (error) {
    await services.stop()
    throw error
  }
}

async function fromServer(server: ServerRef, token: string | undefined, withSealKey: boolean): Promise<From> {
  if (token === undefined)
    throw new KanpekiError('usage', 'A server wants a token.', { remedy: 'Give --token TOKEN or set KANPEKI_TOKEN.' })
  const response = await open(server, '/api/v1/backup', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ withSealKey }),
  })
  if (response.statusCode !== 200) throw await refusal(response, urlOf(server))
  return {
    bytes: response as AsyncIterable<Uint8Array>,
    estimate: Number(response.headers[ESTIMATE_HEADER] ?? 0),
    skipped: decodeURIComponent(String(response.headers[SKIPPED_HEADER] ?? ''))
      .split('\n')
      .filter(Boolean),
    close: async () => void response.destroy(),
  }
}

async function refusal(response: IncomingMessage, url: string): Promise<KanpekiError> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  try {
    const { code, detail, remedy } = JSON.parse(Buffer.concat(parts).toString()) as Record<string, string | undefined>
    return new KanpekiError(
      code ?? 'refused',
      detail ?? `${url} answered ${response.statusCode}.`,
      remedy === undefined ? {} : { remedy },
    )
  } catch {
    return new KanpekiError('refused', `${url} answered ${response.statusCode}.`)
  }
}

/** Writes beside the target, durably, reads it back, and only then gives it its name. */
async function writeChecked(from: From, target: string, keys: readonly VerifierKey[]): ReturnType<typeof checkBackup> {
  const temporary = `${target}.part`
  if (statSync(target, { throwIfNoEntry: false }) !== undefined)
    throw new KanpekiError('usage', `${target} is there already.`, { remedy: 'Give another name with -o FILE.' })
  const progress = showProgress(from.estimate)
  try {
    const file = await openFile(temporary, 'w', 0o600)
    try {
      for await (const chunk of from.bytes) {
        for (let at = 0; at < chunk.byteLength; ) at += (await file.write(chunk, at)).bytesWritten
        progress.add(chunk.byteLength)
      }
      await file.sync()
    } finally {
      await file.close()
      progress.end()
    }
    const checked = await checkBackup(temporary, keys)
    await moveDurably(temporary, target)
    return checked
  } catch (error) {
    await rm(temporary, { force: true })
    if (error instanceof KanpekiError) throw error
    throw new KanpekiError('backup_broken', `The backup broke off: ${error instanceof Error ? error.message : String(error)}.`, {
      remedy: 'Nothing was kept. See the log of the server, and run it again.',
      cause: error,
    })
  }
}

async function ledgerKey(data: string): Promise<readonly VerifierKey[]> {
  const key = parseVerifierKey((await readFile(join(data, 'ledger', 'key'), 'utf8').catch(() => '')).trim())
  return key === undefined ? [] : [key]
}

function targetOf(output: string | undefined, now: Date): string {
  const name = `kanpeki-backup-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}.tar`
  if (output === undefined) return name
  return statSync(output, { throwIfNoEntry: false })?.isDirectory() === true ? join(output, name) : output
}

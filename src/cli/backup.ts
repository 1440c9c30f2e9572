import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join, resolve } from 'node:path'
import { keepBackup, makeBackup } from '../app/care/make-backup.ts'
import { checkBackup } from '../app/care/restore-backup.ts'
import { backupDeps, ESTIMATE_HEADER, SKIPPED_HEADER } from '../app/care/routes.ts'
import { startServices } from '../app/services.ts'
import { VERSION } from '../app/version.ts'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { readConfig } from '../platform/config.ts'
import { parseVerifierKey, type VerifierKey } from '../prove/verify/note.ts'
import { backupTarget } from './backup-place.ts'
import type { BackupTarget } from './backup-target.ts'
import { localServer } from './local-server.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { type Progress, showProgress, sizeText } from './progress.ts'
import { open, type ServerRef, send, urlOf } from './request.ts'
import { s3Flags } from './s3-address.ts'
import { terminalLog } from './terminal-log.ts'

const USAGE = `Usage: kanpeki backup [--data DIR | --url URL --token T] [--to FILE|DIR|s3://BUCKET/PREFIX] [--with-seal-key] [--json]

Writes one archive of everything: events, state, ledger, keys, rules, cards and settings. The server may run and take in
events meanwhile. The archive is read back and checked before it counts as a backup.

  --data DIR        the data folder (default ./data)
  --url URL         another machine's server, with --token (or KANPEKI_TOKEN) of an administrator of every scope
  --to PLACE        a file, a folder to name one in, or a bucket (default: the setting backup-to, else the working folder);
                    -o and --output are the same
  --s3-endpoint URL, --s3-region NAME
                    the bucket's server, where it is not that of AWS (or the settings of the same names)
  --with-seal-key   also the key that opens the sealed secrets: keep such an archive as you keep that key
  --json            the result as one JSON object

Keys for a bucket come from where AWS' tools look: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a credentials file
(AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE), or the machine's role.
`

/** As the ledger names this command. */
const OWN_NAME = 'kanpeki backup'

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
          to: { type: 'string' },
          output: { type: 'string', short: 'o' },
          's3-endpoint': { type: 'string' },
          's3-region': { type: 'string' },
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
    if (values.to !== undefined && values.output !== undefined)
      throw new KanpekiError('usage', '--to and --output are the same: give one.', { remedy: `\n${USAGE}` })
    const started = performance.now()
    const data = values.data ?? './data'
    const settings = readConfig(data, s3Flags(values), process.env).values
    const target = await backupTarget(values.to ?? values.output ?? settings['backup-to'] ?? undefined, settings, new Date())
    const withSealKey = values['with-seal-key']
    const from =
      values.url === undefined
        ? await fromFolder(data, withSealKey)
        : await fromServer(values.url, async () => values.token ?? process.env['KANPEKI_TOKEN'], withSealKey)
    const keys = values.url === undefined ? await ledgerKey(data) : []
    try {
      const { manifest, bytes } = await writeChecked(from, target, keys)
      await from.kept(manifest.made, placeOf(target))
      const seconds = Math.round(performance.now() - started) / 1000
      const { ledger, lake, sealKey, state } = manifest
      if (values.json) {
        const events = { events: lake.events, lastReceived: lake.lastReceived }
        process.stdout.write(
          `${JSON.stringify({ file: target.name, bytes, seconds, made: manifest.made, ledger, ...events, sealKey })}\n`,
        )
        return EXIT.ok
      }
      process.stdout.write(`${target.name}\n`)
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
  /** Tells that it lies at its place and was read back. @param made the manifest's. */
  kept(made: string, place: string): Promise<void>
  close(): Promise<void>
}

/** The running server makes it, since it holds the lake; where none runs, its parts are started here for as long. */
async function fromFolder(data: string, withSealKey: boolean): Promise<From> {
  const server = await localServer(data, 'admin', 'backup')
  if (server !== undefined) return await fromServer(server, server.fresh, withSealKey)
  const config = readConfig(data, {}, process.env)
  if (!statSync(config.data, { throwIfNoEntry: false })?.isDirectory())
    throw new KanpekiError('usage', `There is no folder ${config.data}.`, { remedy: 'Give the data folder with --data DIR.' })
  const services = await startServices(config, terminalLog(), { progressed: () => {} })
  try {
    const backup = await services.inTurn(() =>
      makeBackup(backupDeps(services, VERSION), { by: OWN_NAME, withSealKey, unproved: true }),
    )
    return {
      ...backup,
      kept: (made, place) => keepBackup(services, { made: Date.parse(made), place, by: OWN_NAME }),
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

async function fromServer(server: ServerRef, tokenNow: () => Promise<string | undefined>, withSealKey: boolean): Promise<From> {
  const token = await tokenNow()
  if (token === undefined)
    throw new KanpekiError('usage', 'A server wants a token.', { remedy: 'Give --token TOKEN or set KANPEKI_TOKEN.' })
  const response = await open(server, '/api/v1/backup', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ withSealKey, unproved: true }),
  })
  if (response.statusCode !== 200) throw await refusal(response, urlOf(server))
  return {
    bytes: response as AsyncIterable<Uint8Array>,
    estimate: Number(response.headers[ESTIMATE_HEADER] ?? 0),
    skipped: decodeURIComponent(String(response.headers[SKIPPED_HEADER] ?? ''))
      .split('\n')
      .filter(Boolean),
    async kept(made, place) {
      const { status, text } = await send(server, '/api/v1/backup/kept', {
        method: 'POST',
        headers: { authorization: `Bearer ${await tokenNow()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ made, place }),
      })
      if (status !== 200)
        throw new KanpekiError('backup_untold', `The backup is whole, and the server could not note it: ${text.slice(0, 300)}`, {
          remedy: 'It can be restored; doctor goes on naming the one before it.',
        })
    },
    close: async () => void response.destroy(),
  }
}

/** As whoever looks for it needs it. */
function placeOf({ name }: BackupTarget): string {
  return name.startsWith('s3://') ? name : resolve(name)
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

/** It counts as a backup once it was read back, as it lies at the target, and is whole. */
async function writeChecked(from: From, target: BackupTarget, keys: readonly VerifierKey[]): ReturnType<typeof checkBackup> {
  const progress = showProgress(from.estimate)
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    await target.write(passing(from.bytes, progress, stop.signal), from.estimate).finally(() => progress.end())
    const checked = await checkBackup(passing(target.read(), undefined, stop.signal), keys).catch((error: unknown) => {
      throw error instanceof KanpekiError && error.code === 'archive_broken' ? notWhatWasWritten(target, error) : error
    })
    await target.keep()
    return checked
  } catch (error) {
    await target.discard()
    if (error instanceof KanpekiError) throw error
    throw new KanpekiError('backup_broken', `The backup broke off: ${messageOf(error)}.`, {
      remedy: 'Nothing was kept. See the log of the server, and run it again.',
      cause: error,
    })
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

function notWhatWasWritten({ name }: BackupTarget, error: KanpekiError): KanpekiError {
  return new KanpekiError('backup_broken', `${name}, read back, is not what was written. ${error.message}`, {
    remedy: 'It was removed. Run it again, and mistrust the disk or the store if that happens again.',
    cause: error,
  })
}

async function* passing(
  bytes: AsyncIterable<Uint8Array>,
  progress: Progress | undefined,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    if (signal.aborted) throw new KanpekiError('interrupted', 'The backup was interrupted; nothing was kept.')
    progress?.add(chunk.byteLength)
    yield chunk
  }
}

async function ledgerKey(data: string): Promise<readonly VerifierKey[]> {
  const key = parseVerifierKey((await readFile(join(data, 'ledger', 'key'), 'utf8').catch(() => '')).trim())
  return key === undefined ? [] : [key]
}

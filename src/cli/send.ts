import { type Stats, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { command } from './command.ts'
import { EXIT } from './options.ts'
import { showProgress } from './progress.ts'
import { sendFile } from './send-file.ts'
import { openSentOffsets } from './sent-offsets.ts'

const USAGE = `Usage: kanpeki send FILE… --to URL [--source NAME] [--token TOKEN] [--ca FILE] [--again]

Sends files to a server, whatever form their records have: log lines, JSON, Windows event logs, the journal's export,
compressed or not. How far each is sent is remembered by its content, so that a send that was broken off goes on where
it was, under whatever name the file has then; nothing is stored twice.

  --to URL       the server
  --source NAME  what it counts the events under (default: files)
  --token TOKEN  one that may send (or KANPEKI_TOKEN)
  --ca FILE      trust this certificate instead of the system's (or KANPEKI_CA)
  --state FILE   where to remember (default: ~/.local/state/kanpeki/sent.json)
  --again        begin at the beginning; what the server has from the last 24 hours is still not stored twice`

const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

export function sendCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      to: { type: 'string' },
      source: { type: 'string', default: 'files' },
      token: { type: 'string' },
      ca: { type: 'string' },
      state: { type: 'string' },
      again: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      if (positionals.length === 0) throw usage('Name the files to send.')
      if (values.to === undefined) throw usage('Say where to: --to URL.')
      if (!SOURCE_NAME.test(values.source))
        throw usage('--source is 1 to 64 lower-case letters, digits, dots, dashes and underscores.')
      const token = values.token ?? process.env['KANPEKI_TOKEN']
      if (token === undefined) throw usage('A server wants a token: --token TOKEN or KANPEKI_TOKEN.')
      const stop = new AbortController()
      const interrupt = (): void => stop.abort()
      process.once('SIGINT', interrupt)
      process.once('SIGTERM', interrupt)
      try {
        return await sendAll(positionals, {
          server: { url: values.to, ca: values.ca },
          token,
          source: values.source,
          state: values.state ?? stateFile(),
          again: values.again,
          signal: stop.signal,
        })
      } finally {
        process.off('SIGINT', interrupt)
        process.off('SIGTERM', interrupt)
      }
    },
  )
}

interface SendAll {
  readonly server: { readonly url: string; readonly ca: string | undefined }
  readonly token: string
  readonly source: string
  readonly state: string
  readonly again: boolean
  readonly signal: AbortSignal
}

async function sendAll(files: readonly string[], { server, token, source, state, again, signal }: SendAll): Promise<number> {
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0)
  const offsets = await openSentOffsets(state, server.url, again)
  const progress = showProgress(total)
  const started = performance.now()
  let sent = 0
  let repeated = 0
  let unknown = 0
  try {
    for (const file of files) {
      const target = { server, token, source, signal, offsets }
      await sendFile(file, target, (step) => {
        sent += step.received
        repeated += step.repeated
        unknown += step.unknown
        progress.add(step.bytes)
      }).catch((error: unknown) => {
        // A server that is away keeps nobody who wants to stop.
        if (!signal.aborted) throw error
      })
      if (signal.aborted) break
    }
  } finally {
    progress.end()
  }
  const seconds = (performance.now() - started) / 1000
  const rate = Math.round(sent / Math.max(seconds, 0.001)).toLocaleString('en-US')
  const words = [
    `${sent.toLocaleString('en-US')} records in ${seconds.toFixed(1)} s (${rate}/s)`,
    ...(repeated === 0 ? [] : [`${repeated.toLocaleString('en-US')} were there already`]),
    ...(unknown === 0 ? [] : [`no parser knew ${unknown.toLocaleString('en-US')}: they are kept as unknown`]),
  ]
  process.stderr.write(`${signal.aborted ? 'Broken off' : 'Sent'}: ${words.join('; ')}.\n`)
  if (!signal.aborted) return EXIT.ok
  process.stderr.write('Give the same command again to go on.\n')
  return EXIT.interrupted
}

/** What can be read only once, such as a pipe, would be empty by the time that it is sent. */
function sizeOf(file: string): number {
  let stats: Stats
  try {
    stats = statSync(file)
  } catch (error) {
    throw new KanpekiError('input-unreadable', `It cannot be read: ${messageOf(error)}.`, { place: { file } })
  }
  if (!stats.isFile())
    throw new KanpekiError('input-unreadable', 'This is no file that can be read again, as going on where it was needs it.', {
      place: { file },
      remedy: 'Give files, and write what comes from a pipe into one first.',
    })
  return stats.size
}

/** Where the XDG base directory specification puts what a program remembers. */
function stateFile(): string {
  const home = process.env['XDG_STATE_HOME']
  return join(home === undefined || home === '' ? join(homedir(), '.local', 'state') : home, 'kanpeki', 'sent.json')
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}

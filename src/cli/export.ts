import { writeFile } from 'node:fs/promises'
import { KanpekiError } from '../kernel/error.ts'
import { nativeSha256 } from '../prove/batch-root.ts'
import { type BundleAbout, bundleFileName } from '../prove/make-bundle.ts'
import { verifyEither } from '../prove/verify/package.ts'
import type { VerifyReport } from '../prove/verify/report.ts'
import { bundleFromHere, bundleFromServer, formatOf } from './export-bundle.ts'
import { frameworkFileName, frameworkText } from './export-frameworks.ts'
import { EXIT, guarded, readOptions } from './options.ts'

const USAGE = `Usage: kanpeki export --alert ID | --card ID | --incident ID | --index N | --from T --to T [-o FILE] [--data DIR | --url URL --token T]
       kanpeki export --oscal FRAMEWORK | --openslo [-o FILE] [--data DIR | --url URL --token T]

Writes evidence as one file that 'kanpeki verify', or the verifier.html in it, proves offline: a ZIP archive with entries,
proofs, a report in English and Japanese (HTML and PDF) and the verifier, all of it signed by the ledger's key. A name that
ends in .json, or '-', gets entries and proofs alone.

  --alert ID         everything logged about an alert; its events too, where a server runs
  --card ID          everything logged about a declaration card
  --incident ID      everything logged about an incident: who did what, when
  --index N          one ledger entry
  --from T --to T    everything logged in a span of time (RFC 3339, the end not included)
  --oscal FRAMEWORK  how a framework stands, as OSCAL assessment results: soc2-tsc-2017, iso-27001-2022, nist-csf-2.0 or
                     cis-controls-8.1; a server has to run
  --openslo          the objectives of all cards, as OpenSLO v1; a server has to run
  -o, --output FILE  where to write; '-' is standard output (default: a name made of what it is about)
  --data DIR         read the ledger's files (default ./data); the server need not run
  --url URL          ask a running server instead, with --token (or KANPEKI_TOKEN)
  --ca FILE          trust this certificate instead of the system's (or KANPEKI_CA)
`

export async function exportCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values } = readOptions(
      {
        args: [...args],
        options: {
          alert: { type: 'string' },
          card: { type: 'string' },
          incident: { type: 'string' },
          index: { type: 'string' },
          from: { type: 'string' },
          to: { type: 'string' },
          oscal: { type: 'string' },
          openslo: { type: 'boolean', default: false },
          output: { type: 'string', short: 'o' },
          data: { type: 'string' },
          url: { type: 'string' },
          ca: { type: 'string' },
          token: { type: 'string' },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(USAGE)
      return EXIT.ok
    }
    if (values.url !== undefined && values.data !== undefined) throw usage('Give --data or --url, not both.')
    const token = values.token ?? process.env['KANPEKI_TOKEN']
    if (values.oscal !== undefined || values.openslo) {
      const what = values.oscal === undefined ? ({ openslo: true } as const) : { oscal: values.oscal }
      const server = { data: values.data ?? './data', url: values.url, ca: values.ca, token }
      await write(await frameworkText(what, server), values.output ?? frameworkFileName(what))
      return EXIT.ok
    }
    const about = aboutOf(values)
    const wanted = formatOf(values.output)
    if (values.url !== undefined && token === undefined) throw usage('A server wants --token.')
    const made =
      values.url === undefined
        ? await bundleFromHere(values.data ?? './data', about, wanted)
        : await bundleFromServer({ url: values.url, ca: values.ca }, token ?? '', about, wanted ?? 'zip')
    const report = await verifyEither(made.bytes, 'bundle', { hash: nativeSha256 })
    if (report.verdict === 'failed') throw unprovable(report)
    const output = values.output ?? bundleFileName(about, made.format)
    await write(made.bytes, output)
    const { entries, events } = report.checked
    process.stderr.write(`${output}: entries ${entries}, events ${events}; log ${report.origin}, size ${report.size}\n`)
    for (const note of report.notes) process.stderr.write(`${note}\n`)
    return EXIT.ok
  })
}

async function write(text: string | Uint8Array, output: string): Promise<void> {
  if (output === '-') process.stdout.write(typeof text === 'string' ? text : Buffer.from(text).toString('utf8'))
  else await writeFile(output, text)
}

interface AboutOptions {
  readonly alert?: string | undefined
  readonly card?: string | undefined
  readonly incident?: string | undefined
  readonly index?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

function aboutOf({ alert, card, incident, index, from, to }: AboutOptions): BundleAbout {
  const span = from !== undefined || to !== undefined
  if ([alert, card, incident, index, span ? '' : undefined].filter((given) => given !== undefined).length !== 1) {
    throw usage('Say what to export: one of --alert, --card, --incident, --index, or --from with --to.')
  }
  if (alert !== undefined) return { alert }
  if (card !== undefined) return { card }
  if (incident !== undefined) return { incident }
  if (index !== undefined) {
    if (!/^\d{1,15}$/.test(index)) throw usage(`--index ${index} is not the number of an entry.`)
    return { index: Number(index) }
  }
  return { from: timeOf('--from', from), to: timeOf('--to', to) }
}

function timeOf(option: string, text: string | undefined): string {
  if (text === undefined) throw usage('A span needs --from and --to.')
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw usage(`${option} ${text} is not a time such as 2026-03-01T09:00:00Z.`)
  return new Date(at).toISOString()
}

function unprovable(report: VerifyReport): KanpekiError {
  const [first] = report.failures
  return new KanpekiError('bundle_unprovable', `The bundle would not prove: ${first?.path}: ${first?.reason}.`, {
    remedy: 'Nothing was written. Run kanpeki verify on the data directory.',
  })
}

function usage(message: string): KanpekiError {
  return new KanpekiError('usage', message, { remedy: `\n${USAGE}` })
}

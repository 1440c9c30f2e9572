import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { restoreBackup } from '../app/care/restore-backup.ts'
import { KanpekiError } from '../kernel/error.ts'
import { readConfig } from '../platform/config.ts'
import { readTrustedKeys, trustedKeysPath } from '../prove/trusted-keys.ts'
import { parseVerifierKey, type VerifierKey } from '../prove/verify/note.ts'
import { backupArchive } from './backup-place.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { showProgress, sizeText } from './progress.ts'
import { s3Flags } from './s3-address.ts'
import { terminalLog } from './terminal-log.ts'

const USAGE = `Usage: kanpeki restore FILE|DIR|s3://BUCKET/KEY --data DIR [--key VKEY] [--seal-key-file FILE] [--json]

Restores a backup into an empty folder, proves it, and says how much is lost since. Start it with: kanpeki up --data DIR

  FILE                  what 'kanpeki backup' wrote; of a folder, or of a bucket's prefix, the newest one in it
  --data DIR            a folder that is empty or does not exist (default ./data)
  --key VKEY            the signer's key as /ledger/key gave it, or a file with it; may be repeated
  --seal-key-file FILE  the key that opens the sealed secrets, where neither KANPEKI_SEAL_KEY nor the settings give it
  --s3-endpoint URL, --s3-region NAME
                        the bucket's server, where it is not that of AWS (or KANPEKI_S3_ENDPOINT and KANPEKI_S3_REGION)
  --json                the result as one JSON object

Without a key given or trusted before, the backup is proved to be whole, but its signer is only what it says itself.
`

export function restoreCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        strict: true,
        allowPositionals: true,
        options: {
          data: { type: 'string', default: './data' },
          key: { type: 'string', multiple: true },
          'seal-key-file': { type: 'string' },
          's3-endpoint': { type: 'string' },
          's3-region': { type: 'string' },
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
    const [file] = positionals
    if (file === undefined || positionals.length > 1) throw new KanpekiError('usage', 'Give one file.', { remedy: `\n${USAGE}` })
    const archive = await backupArchive(file, readConfig(values.data, s3Flags(values), process.env).values)
    const given = await Promise.all((values.key ?? []).map(readKey))
    const trusted = await readTrustedKeys(trustedKeysPath())
    const started = performance.now()
    const progress = showProgress(archive.size)
    let read = 0
    const { manifest, key, bytes, events, report } = await restoreBackup({
      archive: archive.read(),
      data: values.data,
      keys: given,
      ...(values['seal-key-file'] === undefined ? {} : { sealKeyFile: values['seal-key-file'] }),
      environment: process.env,
      log: terminalLog().warn,
      progress: (step, done) => {
        if (step !== 'read') return progress.end()
        progress.add(done - read)
        read = done
      },
    })
    const seconds = Math.round(performance.now() - started) / 1000
    const known = given.length > 0 || trusted.some((one) => one.text === key.text)
    const { made, ledger, lake } = manifest
    if (values.json) {
      const { size: entries, root } = ledger
      const result = {
        made,
        lastReceived: lake.lastReceived,
        events,
        ledger: { size: entries, root },
        signer: known ? key.name : null,
      }
      process.stdout.write(`${JSON.stringify({ ok: true, from: archive.name, data: values.data, bytes, seconds, ...result })}\n`)
      return EXIT.ok
    }
    const lines = [
      `Restored ${archive.name} to ${values.data} in ${seconds} s (${sizeText(bytes)}): ${events} events, ${ledger.size} ledger entries.`,
      `PROVED: ledger ${ledger.origin}, root ${ledger.root}, ${report.checked.segments} sealed hours.`,
      `It shows the moment ${made}; the last event in it was received at ${lake.lastReceived ?? '(never)'}. What came later is not in it.`,
      ...(known
        ? [`Signed by ${key.name}.`]
        : [`Signer unverified: it says it is ${key.name}. Check it, or restore with --key '${key.text}'.`]),
      ...(lake.kind === 'elsewhere' ? ['The events are in a cluster and are not part of this backup.'] : []),
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
    return EXIT.ok
  })
}

async function readKey(given: string): Promise<VerifierKey> {
  const text = given.includes('+') || !existsSync(given) ? given : await readFile(given, 'utf8')
  const key = parseVerifierKey(text.trim())
  if (key !== undefined) return key
  throw new KanpekiError('usage', `${JSON.stringify(given)} is not an Ed25519 verifier key.`, {
    remedy: 'It looks like name+1a2b3c4d+AbCd…; GET /ledger/key of a server gives it.',
  })
}

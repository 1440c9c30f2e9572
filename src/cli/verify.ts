import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { nativeSha256 } from '../prove/batch-root.ts'
import { readFolder } from '../prove/read-folder.ts'
import { readTrustedKeys, rememberKey, trustedKeysPath } from '../prove/trusted-keys.ts'
import type { ArchiveFile } from '../prove/verify/archive.ts'
import { verifyBundle } from '../prove/verify/bundle.ts'
import { type Certificate, readPemCertificates } from '../prove/verify/certificate.ts'
import { parseCosignerKey } from '../prove/verify/cosignature.ts'
import { verifyDirectory } from '../prove/verify/directory.ts'
import { parseVerifierKey, type VerifierKey } from '../prove/verify/note.ts'
import { BUNDLE_FILE, originOf, verifyEither, verifyFiles } from '../prove/verify/package.ts'
import type { VerifyReport } from '../prove/verify/report.ts'
import type { Sha256 } from '../prove/verify/sha256.ts'
import type { Since } from '../prove/verify/since.ts'
import { command } from './command.ts'
import { EXIT } from './options.ts'
import { plainLines } from './terminal-text.ts'
import { checkCardFile } from './verify-card.ts'
import { count, describeReport } from './verify-output.ts'

const USAGE = `Usage: kanpeki verify PATH [--key VKEY] [--since CHECKPOINT] [--witness VKEY] [--tsa-ca FILE]
                      [--card FILE] [--json]

Proves a bundle or a data directory, offline. Exit 0 only if everything proves.

  PATH               a package of evidence (*.kanpeki.zip, also unpacked), a bare bundle (*.kanpeki.json), a data
                     directory, or a copy of its ledger folder
  --key VKEY         the signer's key as /ledger/key gives it, or a file with it; may be repeated
  --since FILE       a checkpoint kept from before, or a file of many: the log must still contain it; may be repeated
  --witness VKEY     the key of a witness, as its /witness/key gives it, or a file with it: it must have cosigned; may be repeated
  --tsa-ca FILE      PEM certificates of time-stamping authorities: one that leads to them must have stamped; may be repeated
  --card FILE        a card as YAML: the log must hold this very version; may be repeated
  --remember         after a proof, trust the key from now on without --key
  --trusted FILE     keys trusted before (default: ~/.config/kanpeki/trusted-keys)
  --json             the result as one JSON object

Without a trusted key the answer can only be "consistent, signer unverified", and the exit code is 1.
`

export async function verifyCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      key: { type: 'string', multiple: true },
      since: { type: 'string', multiple: true },
      witness: { type: 'string', multiple: true },
      'tsa-ca': { type: 'string', multiple: true },
      card: { type: 'string', multiple: true },
      remember: { type: 'boolean', default: false },
      trusted: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      const [path] = positionals
      if (path === undefined || positionals.length > 1)
        throw new KanpekiError('usage', 'Give one path.', { remedy: `\n${USAGE}` })
      const given = await Promise.all((values.key ?? []).map(readKey))
      const witnesses = await Promise.all((values.witness ?? []).map(readWitnessKey))
      const since = await Promise.all((values.since ?? []).map(readSinceFile))
      const authorities =
        values['tsa-ca'] === undefined ? undefined : (await Promise.all(values['tsa-ca'].map(readCertificates))).flat()
      const trustFile = values.trusted ?? trustedKeysPath()
      const trust: Trust = { given, known: given.length > 0 ? [] : await readTrustedKeys(trustFile) }
      const started = performance.now()
      const proved = await verifyPath(
        path,
        trust,
        { since, witnesses, ...(authorities && { authorities }), hash: nativeSha256 },
        values.json ? undefined : progressOn(process.stderr),
      )
      const report = await (values.card ?? []).reduce(
        async (before, file) => checkCardFile(await before, file),
        Promise.resolve(proved),
      )
      const seconds = Math.round(performance.now() - started) / 1000
      if (values.remember && report.verdict === 'proved') {
        for (const key of given) if (key.name === report.signer) await rememberKey(trustFile, key)
      }
      const text = values.json
        ? `${JSON.stringify(jsonOf(report, seconds))}\n`
        : plainLines(describeReport(path, report, given.length > 0, seconds))
      process.stdout.write(text)
      return report.verdict === 'proved' ? EXIT.ok : EXIT.failed
    },
  )
}

interface Trust {
  readonly given: readonly VerifierKey[]
  readonly known: readonly VerifierKey[]
}

/** The contract's members first; the others tell more. */
function jsonOf(report: VerifyReport, seconds: number): object {
  const { signer, size, failures, ...more } = report
  return { ok: report.verdict === 'proved', signer, size, failures, ...more, seconds }
}

async function readWitnessKey(given: string): Promise<VerifierKey> {
  const key = parseCosignerKey(await keyText(given))
  if (key !== undefined) return key
  throw new KanpekiError('usage', `${JSON.stringify(given)} is not a witness's key for Ed25519 cosignatures.`, {
    remedy: 'It looks like name+1a2b3c4d+BAbC…; GET /witness/key of the witness gives it.',
  })
}

/** A key as it was given, or the content of the file that was. */
async function keyText(given: string): Promise<string> {
  return (given.includes('+') || !existsSync(given) ? given : await readFile(given, 'utf8')).trim()
}

async function readKey(given: string): Promise<VerifierKey> {
  const key = parseVerifierKey(await keyText(given))
  if (key !== undefined) return key
  throw new KanpekiError('usage', `${JSON.stringify(given)} is not an Ed25519 verifier key.`, {
    remedy: 'It looks like name+1a2b3c4d+AbCd…; GET /ledger/key of a server gives it.',
  })
}

async function readCertificates(path: string): Promise<readonly Certificate[]> {
  try {
    return readPemCertificates(await readFile(path, 'utf8'))
  } catch (error) {
    throw new KanpekiError('usage', `The certificates in ${path} cannot be read: ${messageOf(error)}.`)
  }
}

async function readSinceFile(path: string): Promise<Since> {
  try {
    return { path, text: await readFile(path, 'utf8') }
  } catch (error) {
    throw new KanpekiError('usage', `The checkpoint ${path} cannot be read: ${messageOf(error)}.`)
  }
}

async function verifyPath(
  path: string,
  trust: Trust,
  base: {
    readonly since: readonly Since[]
    readonly witnesses: readonly VerifierKey[]
    readonly authorities?: readonly Certificate[]
    readonly hash: Sha256
  },
  onProgress: ((entries: number, size: number) => void) | undefined,
): Promise<VerifyReport> {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined || !stats.isDirectory()) {
    const bytes = stats === undefined ? undefined : await readFile(path)
    if (bytes === undefined) return verifyBundle(undefined, path, base)
    return verifyEither(bytes, path, { ...base, trusted: keysFor(trust, originOf(bytes)) })
  }
  const folder = readFolder(path)
  const unpacked = await folder.read(BUNDLE_FILE)
  if (unpacked !== undefined) {
    const files = await filesOf(folder)
    return verifyFiles(files, path, { ...base, trusted: keysFor(trust, originOf(unpacked)) })
  }
  const ledger = existsSync(join(path, 'ledger')) || !existsSync(join(path, 'checkpoint')) ? 'ledger' : ''
  const origin = (await folder.read(ledger === '' ? 'checkpoint' : `${ledger}/checkpoint`))?.toString().split('\n')[0]
  return verifyDirectory(folder, { ...base, ledger, trusted: keysFor(trust, origin ?? null), ...(onProgress && { onProgress }) })
}

/** What file managers leave in folders is no part of a package. */
const LITTER: ReadonlySet<string> = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini'])

/** The files of an unpacked package. */
async function filesOf(folder: ReturnType<typeof readFolder>): Promise<readonly ArchiveFile[]> {
  const paths = (await folder.list('')).filter((path) => !LITTER.has(basename(path)))
  return await Promise.all(paths.map(async (path) => ({ path, bytes: (await folder.read(path)) ?? new Uint8Array(0) })))
}

/** A key that was trusted before speaks for its own log only; one that was given must have signed. */
function keysFor(trust: Trust, origin: string | null): readonly VerifierKey[] {
  return trust.given.length > 0 ? trust.given : trust.known.filter((key) => key.name === origin)
}

/** Long work shows how far it is, on a terminal only. */
function progressOn(stream: NodeJS.WriteStream): ((entries: number, size: number) => void) | undefined {
  if (!stream.isTTY) return undefined
  const started = performance.now()
  let shown = started
  return (entries, size) => {
    const now = performance.now()
    if (entries === size) {
      if (shown > started) stream.write('\r\x1b[K')
      return
    }
    if (now - shown < 200) return
    shown = now
    const rate = (entries / (now - started)) * 1000
    const left = Math.ceil((size - entries) / rate)
    stream.write(`\r\x1b[K${count(entries)} of ${count(size)} entries, ${count(Math.round(rate))}/s, about ${left} s left`)
  }
}

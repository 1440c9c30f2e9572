import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { nativeSha256 } from '../prove/batch-root.ts'
import { readFolder } from '../prove/read-folder.ts'
import { readTrustedKeys, rememberKey, trustedKeysPath } from '../prove/trusted-keys.ts'
import type { ArchiveFile } from '../prove/verify/archive.ts'
import { verifyBundle } from '../prove/verify/bundle.ts'
import { type Certificate, readPemCertificates } from '../prove/verify/certificate.ts'
import { parseCosignerKey } from '../prove/verify/cosignature.ts'
import { verifyDirectory } from '../prove/verify/directory.ts'
import { FAILURE_WORDS } from '../prove/verify/failure-words.ts'
import { parseVerifierKey, type VerifierKey } from '../prove/verify/note.ts'
import { BUNDLE_FILE, originOf, verifyEither, verifyFiles } from '../prove/verify/package.ts'
import type { VerifyReport } from '../prove/verify/report.ts'
import type { Sha256 } from '../prove/verify/sha256.ts'
import type { Since } from '../prove/verify/since.ts'
import { languageOf } from './language.ts'
import { EXIT, guarded, readOptions } from './options.ts'

const USAGE = `Usage: kanpeki verify PATH [--key VKEY] [--since CHECKPOINT] [--witness VKEY] [--tsa-ca FILE] [--json]

Proves a bundle or a data directory, offline. Exit 0 only if everything proves.

  PATH               a package of evidence (*.kanpeki.zip, also unpacked), a bare bundle (*.kanpeki.json), a data
                     directory, or a copy of its ledger folder
  --key VKEY         the signer's key as /ledger/key gives it, or a file with it; may be repeated
  --since FILE       a checkpoint kept from before, or a file of many: the log must still contain it; may be repeated
  --witness VKEY     the key of a witness, as its /witness/key gives it, or a file with it: it must have cosigned; may be repeated
  --tsa-ca FILE      PEM certificates of time-stamping authorities: one that leads to them must have stamped; may be repeated
  --remember         after a proof, trust the key from now on without --key
  --trusted FILE     keys trusted before (default: ~/.config/kanpeki/trusted-keys)
  --json             the result as one JSON object

Without a trusted key the answer can only be "consistent, signer unverified", and the exit code is 1.
`

export async function verifyCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: {
          key: { type: 'string', multiple: true },
          since: { type: 'string', multiple: true },
          witness: { type: 'string', multiple: true },
          'tsa-ca': { type: 'string', multiple: true },
          remember: { type: 'boolean', default: false },
          trusted: { type: 'string' },
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
    const [path] = positionals
    if (path === undefined || positionals.length > 1) throw new KanpekiError('usage', 'Give one path.', { remedy: `\n${USAGE}` })
    const given = await Promise.all((values.key ?? []).map(readKey))
    const witnesses = await Promise.all((values.witness ?? []).map(readWitnessKey))
    const since = await Promise.all((values.since ?? []).map(readSinceFile))
    const authorities =
      values['tsa-ca'] === undefined ? undefined : (await Promise.all(values['tsa-ca'].map(readCertificates))).flat()
    const trustFile = values.trusted ?? trustedKeysPath()
    const trust: Trust = { given, known: given.length > 0 ? [] : await readTrustedKeys(trustFile) }
    const started = performance.now()
    const report = await verifyPath(
      path,
      trust,
      { since, witnesses, ...(authorities && { authorities }), hash: nativeSha256 },
      values.json ? undefined : progressOn(process.stderr),
    )
    const seconds = Math.round(performance.now() - started) / 1000
    if (values.remember && report.verdict === 'proved') {
      for (const key of given) if (key.name === report.signer) await rememberKey(trustFile, key)
    }
    const text = values.json ? `${JSON.stringify(jsonOf(report, seconds))}\n` : describe(path, report, trust, seconds)
    process.stdout.write(text)
    return report.verdict === 'proved' ? EXIT.ok : EXIT.failed
  })
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

/** The newest of each authority. */
function shownStamps({ stamps }: VerifyReport): VerifyReport['stamps'] {
  return [...new Map(stamps.map((stamp) => [stamp.authority, stamp])).values()]
}

const SHOWN_FAILURES = 20

function describe(path: string, report: VerifyReport, trust: Trust, seconds: number): string {
  const words = languageOf(undefined) === 'ja' ? JA : EN
  const lines: string[] = []
  const { checked, origin, size, logged } = report
  const what = report.kind === 'bundle' ? basename(path) : resolve(path)
  if (origin !== null) lines.push(words.log(what, origin, count(size), report.root ?? ''))
  if (logged !== null) lines.push(words.logged(logged.first, logged.last))
  const parts = [
    words.entries(count(checked.entries)),
    ...(checked.tiles > 0 ? [words.tiles(count(checked.tiles))] : []),
    ...(checked.segments > 0 ? [words.segments(count(checked.segments), megabytes(checked.segmentBytes))] : []),
    ...(checked.events > 0 ? [words.events(count(checked.events))] : []),
    ...(checked.checkpoints > 0 ? [words.checkpoints(count(checked.checkpoints))] : []),
  ]
  lines.push(words.checked(parts, seconds.toFixed(2)))
  for (const { name, at, size: cosigned } of report.witnesses) lines.push(words.witnessed(name, count(cosigned), at))
  for (const { authority, at, size: stamped, trusted } of shownStamps(report))
    lines.push(words.stamped(authority, count(stamped), at, trusted))
  for (const note of report.notes) lines.push(`  · ${note}`)
  for (const { path: at, leaf, code, reason } of report.failures.slice(0, SHOWN_FAILURES)) {
    const title = FAILURE_WORDS[code][words === JA ? 'ja' : 'en']
    lines.push(`  ✗ ${at}${leaf === null ? '' : ` ${words.leaf(leaf)}`}: ${title} (${reason})`)
  }
  if (report.failures.length > SHOWN_FAILURES) lines.push(`  ${words.more(count(report.failures.length - SHOWN_FAILURES))}`)
  lines.push('')
  if (report.verdict === 'proved') lines.push(words.proved(report.signer ?? '', trust.given.length > 0))
  else if (report.verdict === 'consistent') lines.push(words.consistent(report.claims ?? ''))
  else lines.push(words.failed(count(report.failures.length)))
  return `${lines.join('\n')}\n`
}

interface Words {
  log(path: string, origin: string, size: string, root: string): string
  logged(first: string, last: string): string
  entries(n: string): string
  tiles(n: string): string
  segments(n: string, size: string): string
  events(n: string): string
  checkpoints(n: string): string
  checked(parts: readonly string[], seconds: string): string
  witnessed(name: string, size: string, at: string): string
  stamped(authority: string, size: string, at: string, trusted: boolean): string
  leaf(n: number): string
  more(n: string): string
  proved(signer: string, given: boolean): string
  consistent(claims: string): string
  failed(n: string): string
}

const EN: Words = {
  log: (path, origin, size, root) => `${path}\n  log ${origin}, ${plural(size, 'entry', 'entries')}, root ${root}`,
  logged: (first, last) => `  logged from ${first} to ${last}`,
  entries: (n) => plural(n, 'entry', 'entries'),
  tiles: (n) => plural(n, 'tile', 'tiles'),
  segments: (n, size) => `${plural(n, 'sealed segment', 'sealed segments')} (${size})`,
  events: (n) => plural(n, 'event', 'events'),
  checkpoints: (n) => plural(n, 'earlier checkpoint', 'earlier checkpoints'),
  checked: (parts, seconds) => `  checked ${parts.join(', ')} in ${seconds} s`,
  stamped: (authority, size, at, trusted) =>
    `  time-stamped by ${authority} at ${at}, with ${plural(size, 'entry', 'entries')}${trusted ? '' : ' (authority not verified: give its certificate with --tsa-ca)'}`,
  witnessed: (name, size, at) => `  cosigned by ${name} at ${at}, with ${plural(size, 'entry', 'entries')}`,
  leaf: (n) => `entry ${n}`,
  more: (n) => `and ${n} more (--json lists all)`,
  proved: (signer, given) => `PROVED. Signed by ${signer}, ${given ? 'with the key given' : 'with a key trusted before'}.`,
  consistent: (claims) =>
    `CONSISTENT, SIGNER UNVERIFIED. Everything agrees, but anyone could have made and signed it.\nIf this is the signer's key, check it with them and run again with: --key '${claims}'`,
  failed: (n) => `NOT PROVED: ${plural(n, 'failure', 'failures')}.`,
}

const JA: Words = {
  log: (path, origin, size, root) => `${path}\n  ログ ${origin}、${size}件、根 ${root}`,
  logged: (first, last) => `  記録期間 ${first} 〜 ${last}`,
  entries: (n) => `記録${n}件`,
  tiles: (n) => `タイル${n}枚`,
  segments: (n, size) => `封印済みセグメント${n}個（${size}）`,
  events: (n) => `イベント${n}件`,
  checkpoints: (n) => `以前のチェックポイント${n}個`,
  checked: (parts, seconds) => `  検証済み：${parts.join('、')}（${seconds}秒）`,
  stamped: (authority, size, at, trusted) =>
    `  時刻認証局 ${authority} が${at}に${size}件までタイムスタンプを発行${trusted ? '' : '（認証局は未確認。--tsa-ca で証明書を指定してください）'}`,
  witnessed: (name, size, at) => `  証人 ${name} が${at}に${size}件まで連署`,
  leaf: (n) => `記録${n}`,
  more: (n) => `ほか${n}件（--json ですべて表示）`,
  proved: (signer, given) => `証明されました。署名者は ${signer}（${given ? '指定された鍵' : '以前に信頼した鍵'}で確認）。`,
  consistent: (claims) =>
    `整合していますが、署名者は未確認です。内容に矛盾はありませんが、誰でも作成・署名できたものです。\nこれが署名者の鍵であることを本人に確かめたうえで、次を付けて再実行してください：--key '${claims}'`,
  failed: (n) => `証明できません：失敗${n}件。`,
}

function plural(n: string, one: string, many: string): string {
  return `${n} ${n === '1' ? one : many}`
}

function count(n: number): string {
  return n.toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`
}

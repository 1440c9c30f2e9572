import { basename, resolve } from 'node:path'
import { FAILURE_WORDS } from '../prove/verify/failure-words.ts'
import type { VerifyReport } from '../prove/verify/report.ts'
import { languageOf } from './language.ts'

/** The newest of each authority. */
function shownStamps({ stamps }: VerifyReport): VerifyReport['stamps'] {
  return [...new Map(stamps.map((stamp) => [stamp.authority, stamp])).values()]
}

const SHOWN_FAILURES = 20

/** What a person reads. @param given whether the key was given now, not trusted before. */
export function describeReport(path: string, report: VerifyReport, given: boolean, seconds: number): string {
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
  if (report.verdict === 'proved') lines.push(words.proved(report.signer ?? '', given))
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
    `consistent, signer unverified: everything agrees, but anyone could have made and signed it.\nIf this is the signer's key, check it with them and run again with: --key '${claims}'`,
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

export function count(n: number): string {
  return n.toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`
}

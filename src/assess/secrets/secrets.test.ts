import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { KanpekiError } from '../../kernel/error.ts'
import { base62 } from './checks.ts'
import { readOwnPatterns } from './own-patterns.ts'
import type { SecretPattern } from './pattern.ts'
import { PATTERNS } from './patterns.ts'
import { baselineText, readBaseline, scanSecrets, secretResults } from './scan-secrets.ts'
import { scanText } from './scan-text.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-secrets-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Letters that look random and are the same on every run. */
function letters(alphabet: string, length: number, seed: string): string {
  let text = ''
  for (let block = 0; text.length < length; block += 1)
    for (const byte of createHash('sha512').update(`${seed} ${block}`).digest()) text += alphabet[byte % alphabet.length]!
  return text.slice(0, length)
}

/** A text with a secret of the pattern that is nobody's, and the secret. */
function made({ id, sample, check, entropy }: SecretPattern, random?: (length: number) => string) {
  for (let turn = 0; turn < 400; turn += 1) {
    let body = random?.(sample.length) ?? letters(sample.alphabet, sample.length, `${id} ${turn}`)
    if (/^(github-(?!fine)|npm$)/.test(id)) body = body.slice(0, -6) + base62(crc32(body.slice(0, -6)), 6)
    const secret = `${sample.prefix}${body}${sample.suffix.replace(/@.*$/, '')}`
    const bare =
      sample.suffix.includes('@') || sample.before.endsWith('"') || sample.before.endsWith('=')
        ? `${sample.prefix}${body}`
        : secret
    const fits = check === undefined || sample.before !== '' || check(bare)
    const text = `const a = 1\n${sample.before}${sample.prefix}${body}${sample.suffix}\n`
    if (random !== undefined || (fits && entropy >= 0 && scanText(text).some(({ pattern }) => pattern === id))) return text
  }
  return undefined
}

it('knows secrets by their build, and look-alikes from them', () => {
  expect(PATTERNS.length).toBeGreaterThanOrEqual(100)
  expect(new Set(PATTERNS.map(({ id }) => id)).size).toBe(PATTERNS.length)
  let near = 0
  const missed: string[] = []
  const wrong: string[] = []
  for (const pattern of PATTERNS) {
    const { id, sample } = pattern
    const text = made(pattern)
    const found = text === undefined ? [] : scanText(text)
    if (found.length !== 1 || found[0]!.pattern !== id || found[0]!.line !== 2) {
      missed.push(`${id}: ${JSON.stringify(found)} in ${text ?? 'no text'}`)
      continue
    }
    const misses = [
      // Of one letter, as documents have it; without its beginning; with the beginning of another; marked as known.
      ...(sample.length >= 20 ? [made(pattern, (length) => sample.alphabet[3]!.repeat(length))!] : []),
      ...(sample.prefix + sample.before === '' ? [] : [text!.replace(sample.prefix === '' ? sample.before : sample.prefix, '')]),
      text!.replace('\n', '\n// ').replace(/\n$/, ' // kanpeki:allow\n').replace(/\/\/ /, ''),
      ...(sample.length >= 24 ? [made(pattern, () => `EXAMPLE${letters(sample.alphabet, sample.length - 7, id)}`)!] : []),
    ]
    for (const miss of misses) {
      if (id === 'private-key' || id === 'putty-key') continue
      near += 1
      if (scanText(miss).some((one) => one.pattern === id)) wrong.push(`${id}: ${miss}`)
    }
  }
  console.info(
    `${PATTERNS.length} patterns: ${PATTERNS.length - missed.length} found, ${near} near misses, ${wrong.length} taken wrongly`,
  )
  expect(missed).toEqual([])
  expect(wrong).toEqual([])
})

it.each([
  ['a checksum that is wrong', `t = "ghp_${letters('ABCdef012', 36, 'x')}"`],
  ['a token that is not signed', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiI5OTEyMzQ1NiJ9.q7Zr2Kd9XwTm4B1cYh5N6Aq7Zr2Kd9XwTm4B1cYh5N6A'],
  ['what is no claims', 'eyJhbGciOiJIUzI1NiJ9.eyJ4eHh4eHh4eHh4eHh4.q7Zr2Kd9XwTm4B1cYh5N6Aq7Zr2Kd9XwTm4B1cYh5N6A'],
  ['the key of the documents', 'AKIAIOSFODNN7EXAMPLE'],
  ['a password from the environment', `postgres://shop:\${DB_PASSWORD}@db.internal/shop`],
  ['a password that everybody has', 'postgres://shop:password@db.internal/shop'],
  [
    'a key that is encrypted',
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIEowIBAAKCAQEAq7Zr2Kd9XwTm4B1cYh5N6Aq7Zr2Kd9XwTm4B1cYh5N6A\n-----END RSA PRIVATE KEY-----',
  ],
  [
    'no key at all',
    '-----BEGIN PRIVATE KEY-----\nq7Zr2Kd9XwTm4B1cYh5N6Aq7Zr2Kd9XwTm4B1cYh5N6Aq7Zr2Kd9XwTm4B1cYh5N6A\n-----END PRIVATE KEY-----',
  ],
  ['a digest', 'token_digest: "5f4dcc3b5aa765d61d8327deb882cf99"'.replace('token_digest', 'etag')],
  ['a path', 'token_file: "content/protect/tokens/list-of-2026.yaml"'],
  ['a sentence', 'password: "Your.password.must.have.at.least.8.letters"'],
  ['an identifier', 'secretName: "kube-system-registry-credentials-v2"'],
])('leaves %s', (_, text) => {
  expect(scanText(`${text}\n`)).toEqual([])
})

it('does not stand still over hostile text', () => {
  const before = process.cpuUsage()
  for (const part of ['eyJ', 'password="', 'secret:', '-----BEGIN PRIVATE KEY-----\n', 'postgres://a:', 'se=1&', 'xoxb-1'])
    expect(scanText(part.repeat(200_000 / part.length))).toEqual([])
  const { user } = process.cpuUsage(before)
  // Seven texts of 200,000 letters: a pattern that goes back over itself would need hours.
  expect(user / 1e6).toBeLessThan(20)
})

it('looks at what is there and at what was, knows its baseline, and never shows a secret', async () => {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    })
  const body = letters('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 30, 'first')
  const old = `ghp_${body}${base62(crc32(body), 6)}`
  const now = `npm_${body}${base62(crc32(body), 6)}`
  git('init', '-q')
  writeFileSync(join(folder, 'old.env'), `A=1\nGITHUB=${old}\n`)
  git('add', '.')
  git('commit', '-q', '-m', 'first')
  writeFileSync(join(folder, 'old.env'), 'A=1\n')
  writeFileSync(join(folder, '.npmrc'), `//registry/:_authToken=${now}\n`)
  writeFileSync(join(folder, 'binary'), Buffer.from([0, 1, 2]))
  // What a hostile repository would have us run.
  git('config', 'core.fsmonitor', 'touch ran')
  git('config', 'diff.external', 'touch ran')
  const here = await scanSecrets(folder, false)
  expect(here.found.map(({ pattern, path, line }) => [pattern, path, line])).toEqual([['npm', '.npmrc', 1]])
  expect(here.left).toEqual({ binary: 1 })
  const own = readOwnPatterns("patterns: [{ id: of-old, title: Old, regex: 'A=([0-9])$', severity: low }]", 'own.yaml')
  const mixed = await scanSecrets(folder, true, own)
  expect(mixed.found.map(({ pattern, path }) => [pattern, path])).toEqual([
    ['npm', '.npmrc'],
    ['of-old', 'old.env'],
    ['github-pat', 'old.env'],
  ])
  const borne = readBaseline(baselineText(mixed.found.filter(({ pattern }) => pattern === 'of-old')), 'baseline')
  expect(mixed.found.filter((one) => !borne(one)).map(({ pattern }) => pattern)).toEqual(['npm', 'github-pat'])
  expect(secretResults(mixed.found).map(({ severity }) => severity)).toEqual(['high', 'low', 'high'])
  const all = await scanSecrets(folder, true)
  expect(all.found.map(({ pattern, path, commit }) => [pattern, path, commit?.by ?? null])).toEqual([
    ['npm', '.npmrc', null],
    ['github-pat', 'old.env', 'Test'],
  ])
  const known = readBaseline(baselineText(here.found), 'baseline')
  expect(all.found.filter((one) => !known(one)).map(({ path }) => path)).toEqual(['old.env'])
  for (const text of [JSON.stringify(all), JSON.stringify(secretResults(all.found)), baselineText(all.found)])
    for (const secret of [old, now]) expect(text).not.toContain(secret.slice(8))
  expect(execFileSync('ls', [folder], { encoding: 'utf8' })).not.toContain('ran')
})

it('reads the patterns of a team as the documents write them', () => {
  const [, example] = /```yaml\n(patterns:[\s\S]*?)```/.exec(
    readFileSync(new URL('../../../docs/vulnerabilities.md', import.meta.url), 'utf8'),
  )!
  const own = readOwnPatterns(example!, 'own.yaml')
  const found = (text: string): readonly string[] =>
    own.scan(`${text}\n`).map(({ pattern, severity }) => `${pattern} ${severity}`)
  expect(found('member-card: 4539148803436467')).toEqual(['acme-card high'])
  expect(found('member-card: 4539148803436468')).toEqual([])
  expect(found('order: 4539148803436467')).toEqual([])
  expect(found(`deploy acme_stage_${letters('ABCdef0123', 32, 'x')}`)).toEqual(['acme-deploy critical'])
  // Ours are still there, but for the one that is off.
  expect(found(`key = "sk_live_${'q7Zr2Kd9XwTm4B1cYh5N6A8v'}"`)).toEqual(['stripe-live high'])
  const general = 'db_password = "q7Zr2Kd9XwTm4B1cYh5N6A"'
  expect([scanText(general).length, found(general).length]).toEqual([1, 0])
})

it.each([
  ["patterns:\n  - id: a\n    title: A\n    regex: '(a)\\1bb'", 4, /regex: .*reference.* Write it without/],
  ["patterns:\n  - id: a\n    title: A\n    regex: '(aa)(bb)'", 4, /more than one group.*\(\?:/],
  ["patterns:\n  - id: a\n    title: A\n    regex: '[a-z]{20}'", 4, /nothing stands in all.*keywords/],
  ["patterns:\n  - id: a\n    title: A\n    regex: 'key(?=(a+)+b)'", 4, /look-around/],
  ["patterns:\n  - id: a\n    title: A\n    regex: 'key((?:a{1,999}){1,999}){1,9}'", 4, /linear time|bounds/],
  ["patterns:\n  - id: npm\n    title: A\n    regex: 'abcd'", 2, /pattern npm already.*off/],
  ["patterns:\n  - id: a\n    title: A\n    regex: 'abcd'\n    colour: red", 2, /colour/],
  ["patterns:\n  - id: a\n    title: A\n    regex: 'abcd'\n    check: md5", 5, /luhn.*base64/],
  ["patterns:\n  - id: a\n    title: A\n    regex: 'abcd'\n    severity: worst", 5, /critical/],
  [
    "patterns:\n  - id: a\n    title: A\n    regex: 'abcd'\n    finds:\n      - abcd\n      - abce",
    7,
    /finds\.1: nothing is found.*keywords/,
  ],
  ["patterns:\n  - id: a\n    title: A\n    regex: 'abcd'\n    entropy: 3\n    finds: [abcd]", 6, /entropy/],
  ["patterns:\n  - id: a\n    title: A\n    regex: 'abcd'\n    leaves: [abcd]", 5, /a secret is found/],
  ['off: [nobody]', 1, /no pattern nobody/],
  ['patterns:\n  - id: [', 2, /YAML/],
])('refuses %j at its line', (text, line, reason) => {
  const error = ((): unknown => {
    try {
      return readOwnPatterns(text, 'own.yaml')
    } catch (thrown) {
      return thrown
    }
  })()
  expect(error).toBeInstanceOf(KanpekiError)
  if (!(error instanceof KanpekiError)) return
  expect(error.describe()).toMatch(reason)
  expect([error.code, error.place?.file, error.place?.line]).toEqual(['secret_pattern', 'own.yaml', line])
})

it('runs patterns of a team on hostile text in time', () => {
  const own = readOwnPatterns(
    "patterns: [{ id: bad, title: Bad, regex: 'key=((?:[a-z]+)+)!' }, { id: two, title: Two, regex: 'key=(.*.*.*;)' }]",
    'own.yaml',
  )
  const before = process.cpuUsage()
  expect(own.scan(`key=${'a'.repeat(100_000)} ${'key=a'.repeat(20_000)}\nkey=${'abcdefghijk'.repeat(9)}!\n`)).toHaveLength(1)
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(20)
})

it('finds a secret behind letters that are longer when small, and very many in time', () => {
  const token = `key = glsa_${letters('ABCDEFGHJKLMNPQRSTUVWXYZ23456789', 32, 'grafana')}_4f1c93be\n`
  expect(scanText(`${'İ'.repeat(1000)}\n${token}`).map(({ line }) => line)).toEqual([2])
  const before = process.cpuUsage()
  expect(scanText(token.repeat(60_000))).toHaveLength(60_000)
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(6)
})

import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { readYaraRules, type Validated } from './load-rules.ts'
import type { YaraAnswer, YaraAsk, YaraMatch } from './messages.ts'

const PLACES = 50
const TEXT = 64
/** A pattern that matches everywhere says no more after this. */
const MATCHES_A_PATTERN = 1000

/** What is used of @litko/yara-x, whose own types leave its scanner open. */
interface Scanner {
  setMaxMatchesPerPattern(most: number): void
  scan(data: Buffer): readonly Found[]
  scanFile(file: string): readonly Found[]
}
interface Found {
  readonly ruleIdentifier: string
  readonly tags: readonly string[]
  readonly meta: YaraMatch['meta']
  readonly matches: readonly {
    readonly identifier: string
    readonly offset: number
    readonly length: number
    readonly data: string
  }[]
}
export interface YaraEngine {
  validate(source: string, options: object): Validated
  compile(source: string, options: object): Scanner
}

/**
 * Makes this process the one that holds the YARA engine: native code that cannot be interrupted, so that it can be killed by
 * itself. Answers what its parent asks, and ends with it.
 * @param open loads the engine; throws KanpekiError `yara_unavailable` where it does not run.
 */
export function serveScans(open: () => Promise<YaraEngine>): void {
  let scanner: Scanner | undefined

  async function load(paths: readonly string[]): Promise<YaraAnswer> {
    const { validate, compile } = await open()
    // What a rule includes would be read as this process: rules come from others.
    const options = { enableIncludes: false }
    const { rules, refused, texts } = readYaraRules(paths, (source) => validate(source, options))
    const source = texts.join('\n')
    scanner = texts.length === 0 ? undefined : compile(source, options)
    scanner?.setMaxMatchesPerPattern(MATCHES_A_PATTERN)
    return { kind: 'loaded', rules, refused, source }
  }

  async function answer(ask: YaraAsk): Promise<YaraAnswer> {
    if (ask.kind === 'load') return await load(ask.paths)
    if (ask.kind === 'read') {
      const read = readBounded(ask.file, ask.most, ask.follow)
      if ('why' in read) return { kind: 'unread', why: read.why }
      const { data } = read
      const sha256 = createHash('sha256').update(data).digest('hex')
      return { kind: 'matches', matches: (scanner?.scan(data) ?? []).map(matchOf), sha256, bytes: data.length }
    }
    if (scanner === undefined) return { kind: 'matches', matches: [] }
    const found = ask.kind === 'file' ? scanner.scanFile(ask.file) : scanner.scan(Buffer.from(ask.data))
    return { kind: 'matches', matches: found.map(matchOf) }
  }

  process.on('disconnect', () => process.exit(0))
  process.on('message', (ask: YaraAsk) => {
    void answer(ask)
      .catch((error: unknown): YaraAnswer => {
        const code = error instanceof KanpekiError ? error.code : 'yara_failed'
        return { kind: 'failed', code, reason: messageOf(error) }
      })
      .then((reply) => process.send?.(reply))
  })
}

/** A plain file of no more than `most` bytes; a pipe must not hold the engine, and a link is followed only where it is meant. */
function readBounded(path: string, most: number, follow: boolean): { data: Buffer } | { why: 'gone' | 'large' | 'other' } {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW))
  } catch {
    return { why: 'gone' }
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile()) return { why: 'other' }
    if (found.size > most) return { why: 'large' }
    const data = Buffer.allocUnsafe(found.size)
    let at = 0
    while (at < data.length) {
      const read = readSync(file, data, at, data.length - at, at)
      if (read === 0) break
      at += read
    }
    return { data: data.subarray(0, at) }
  } catch {
    return { why: 'gone' }
  } finally {
    closeSync(file)
  }
}

function matchOf({ ruleIdentifier, tags, meta, matches }: Found): YaraMatch {
  return {
    rule: ruleIdentifier,
    tags,
    meta,
    places: matches.slice(0, PLACES).map(({ identifier, offset, length, data }) => ({
      pattern: identifier,
      offset,
      length,
      text: data.slice(0, TEXT).replaceAll(/[^\x20-\x7e]/g, '.'),
    })),
    more: matches.length > PLACES,
  }
}

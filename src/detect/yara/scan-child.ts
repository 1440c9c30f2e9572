import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { readYaraRules, type Validated } from './load-rules.ts'
import type { YaraAnswer, YaraAsk, YaraMatch } from './messages.ts'

/** The process that holds the YARA engine: native code that cannot be interrupted, so that it can be killed by itself. */

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
interface Engine {
  validate(source: string, options: object): Validated
  compile(source: string, options: object): Scanner
}
let engine: Engine | undefined
let scanner: Scanner | undefined

process.on('disconnect', () => process.exit(0))
process.on('message', (ask: YaraAsk) => {
  void answer(ask)
    .catch((error: unknown): YaraAnswer => {
      const code = error instanceof KanpekiError ? error.code : 'yara_failed'
      return { kind: 'failed', code, reason: messageOf(error) }
    })
    .then((reply) => process.send?.(reply))
})

async function answer(ask: YaraAsk): Promise<YaraAnswer> {
  if (ask.kind === 'load') return await load(ask.paths)
  if (scanner === undefined) return { kind: 'matches', matches: [] }
  const found = ask.kind === 'file' ? scanner.scanFile(ask.file) : scanner.scan(Buffer.from(ask.data))
  return { kind: 'matches', matches: found.map(matchOf) }
}

async function load(paths: readonly string[]): Promise<YaraAnswer> {
  const { validate, compile } = await yara()
  // What a rule includes would be read as this process: rules come from others.
  const options = { enableIncludes: false }
  const { rules, refused, texts } = readYaraRules(paths, (source) => validate(source, options))
  scanner = texts.length === 0 ? undefined : compile(texts.join('\n'), options)
  scanner?.setMaxMatchesPerPattern(MATCHES_A_PATTERN)
  return { kind: 'loaded', rules, refused }
}

async function yara(): Promise<Engine> {
  try {
    engine ??= (await import('@litko/yara-x')).default as unknown as Engine
    return engine
  } catch (error) {
    throw new KanpekiError('yara_unavailable', `The YARA engine is not there for ${process.platform}-${process.arch}.`, {
      remedy: 'It ships for Linux x64 (glibc) and macOS.',
      cause: error,
    })
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

import { RE2JS } from 're2js'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { backtrackingCost } from '../../platform/regex/analyse.ts'
import type { RegexNode } from '../../platform/regex/ast.ts'
import { hasLook } from '../../platform/regex/check.ts'
import { emitRegex } from '../../platform/regex/emit.ts'
import { requiredLiterals } from '../../platform/regex/literals.ts'
import { parseRegex } from '../../platform/regex/parse.ts'
import { longestForV8 } from '../../platform/regex/run.ts'
import { luhn } from '../../platform/text/luhn.ts'
import { SEVERITIES } from '../cvss/score.ts'
import { decodesTo, endsInCrc, isJwt, isPrivateKey, isRealPassword } from './checks.ts'
import type { SecretShape, SecretSpan } from './pattern.ts'
import { PATTERNS } from './patterns.ts'
import { SecretScanner } from './scan-text.ts'

const CHECKS = {
  jwt: isJwt,
  'private-key': isPrivateKey,
  'real-password': isRealPassword,
  /** The last six letters are the CRC-32, in base 62, of what stands between the first underscore and them. */
  crc32: endsInCrc,
  luhn: (secret: string) => luhn(secret).holds && luhn(secret).digits >= 8,
} as const

const MOST_BYTES = 256 * 1024
const MOST_PATTERNS = 500
const example = z.string().min(1).max(2000)

const ownPattern = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'write lower-case letters, digits and dashes'),
  title: z.string().min(1).max(100),
  /** The secret is its one group, or all that it matches. */
  regex: z.string().min(1).max(2000),
  /** What stands within 400 characters before a secret or 16,000 after; without them what the expression itself always holds. */
  keywords: z
    .array(
      z
        .string()
        .regex(/^[\x21-\x7e]+$/, 'write letters, digits and signs of ASCII, without spaces')
        .min(2)
        .max(60),
    )
    .min(1)
    .max(50)
    .optional(),
  /** Bits a character. */
  entropy: z.number().min(0).max(8).default(0),
  check: z
    .union([z.enum(Object.keys(CHECKS) as (keyof typeof CHECKS)[]), z.strictObject({ base64: z.int().min(1).max(10_000) })], {
      error: `write ${Object.keys(CHECKS).join(', ')}, or base64: BYTES`,
    })
    .optional(),
  severity: z.enum(SEVERITIES).exclude(['none']).default('high'),
  /** Texts in which it must find one secret, and such in which it must find none. */
  finds: z.array(example).max(50).default([]),
  leaves: z.array(example).max(50).default([]),
})
type OwnPattern = z.infer<typeof ownPattern>

const file = z.strictObject({
  patterns: z.array(ownPattern).max(MOST_PATTERNS).default([]),
  /** Patterns of ours that are not looked for. */
  off: z.array(z.string()).max(PATTERNS.length).default([]),
})

/**
 * Reads a team's own patterns (YAML) and gives the scanner that looks for them before ours. Each is tried on its examples.
 * @throws KanpekiError `secret_pattern` with file and line of the first fault: with a pattern that nobody understands, nothing found would
 *   say nothing.
 */
export function readOwnPatterns(text: string, name: string): SecretScanner {
  const lines = new LineCounter()
  const document = parseDocument(text.length > MOST_BYTES ? '' : text, { lineCounter: lines })
  const fail = (reason: string, remedy: string, path: readonly PropertyKey[] = [], offset?: number): never => {
    const at = offset ?? offsetOf(document, path)
    throw new KanpekiError('secret_pattern', `${path.length === 0 ? '' : `${path.map(String).join('.')}: `}${reason}.`, {
      place: { file: name, ...(at === undefined ? {} : { line: lines.linePos(at).line }) },
      remedy,
    })
  }
  if (text.length > MOST_BYTES) fail(`the file is larger than ${MOST_BYTES / 1024} KiB`, 'Keep only patterns in it.')
  const broken = document.errors[0]
  if (broken !== undefined) fail(broken.message.split('\n')[0]!.replace(/:$/, ''), 'Correct the YAML.', [], broken.pos[0])
  const parsed = file.safeParse(plainValue(() => document.toJS({ maxAliasCount: 0 }), fail) ?? {})
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    return fail(issue.message, 'docs/vulnerabilities.md has the words and an example.', issue.path)
  }
  const { patterns, off } = parsed.data
  const shipped = new Set(PATTERNS.map(({ id }) => id))
  for (const [at, id] of off.entries())
    if (!shipped.has(id)) fail(`there is no pattern ${id}`, 'Name one as findings do, without “secret-”.', ['off', at])
  const seen = new Set(PATTERNS.filter(({ id }) => !off.includes(id)).map(({ id }) => id))
  const shapes = patterns.map((one, at) => {
    if (seen.has(one.id))
      fail(`there is a pattern ${one.id} already`, 'Choose another id, or name ours under "off" as well.', ['patterns', at, 'id'])
    seen.add(one.id)
    return shapeOf(one, (key, reason, remedy) => fail(reason, remedy, ['patterns', at, key]))
  })
  for (const [at, one] of patterns.entries()) {
    const alone = new SecretScanner([shapes[at]!])
    const try_ = (key: 'finds' | 'leaves', wanted: boolean): void => {
      for (const [number, sample] of one[key].entries())
        if (alone.scan(sample, true).length > 0 !== wanted)
          fail(
            wanted ? `nothing is found in it${whyNot(shapes[at]!, sample)}` : 'a secret is found in it',
            'Correct the pattern, or the example.',
            ['patterns', at, key, number],
          )
    }
    try_('finds', true)
    try_('leaves', false)
  }
  return new SecretScanner([...shapes, ...PATTERNS.filter(({ id }) => !off.includes(id))])
}

function plainValue(read: () => unknown, fail: (reason: string, remedy: string) => never): unknown {
  try {
    return read()
  } catch (error) {
    return fail(messageOf(error), 'Write it without aliases.')
  }
}

/** Where the value at a path begins, or what is nearest around it. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range != null) return node.range[0]
  }
  return undefined
}

type Refuse = (key: string, reason: string, remedy: string) => never

function shapeOf({ id, title, regex, keywords, entropy, check, severity }: OwnPattern, refuse: Refuse): SecretShape {
  const parsed = parseRegex({ pattern: regex, insensitive: false, multiline: true, dotAll: false, bytes: true })
  if ('fault' in parsed)
    return refuse('regex', parsed.fault.reason, 'Write it without back-references, recursion and atomic groups.')
  const { node } = parsed
  if (groupsIn(node) > 1)
    refuse('regex', 'it has more than one group, and one is the secret', 'Write (?:…) for groups that only hold together.')
  const words = keywords ?? requiredLiterals(node)?.map((one) => one.toLowerCase())
  if (words === undefined || words.length === 0)
    return refuse('regex', 'nothing stands in all that it matches', 'Give keywords: what always stands near such a secret.')
  return {
    id,
    title,
    severity,
    entropy,
    keywords: words.map((word) => word.toLowerCase()),
    prefix: '',
    find: finderOf(node, refuse),
    check: check === undefined ? undefined : typeof check === 'string' ? CHECKS[check] : decodesTo(check.base64),
  }
}

function groupsIn(node: RegexNode): number {
  switch (node.kind) {
    case 'group':
      return 1 + groupsIn(node.item)
    case 'repeat':
    case 'look':
      return groupsIn(node.item)
    case 'sequence':
    case 'choice':
      return node.items.reduce((sum, item) => sum + groupsIn(item), 0)
    default:
      return 0
  }
}

/** Look-around runs on V8 alone, so that it must not be able to take more than a few times the text's length. */
const HIGHEST_DEGREE_WITH_LOOK = 1

/** On V8 where the text is short enough for the expression's worst case, in linear time on re2js otherwise. */
function finderOf(node: RegexNode, refuse: Refuse): SecretShape['find'] {
  const cost = backtrackingCost(node)
  const looks = hasLook(node)
  if (looks && (cost.exponential || cost.degree > HIGHEST_DEGREE_WITH_LOOK))
    return refuse(
      'regex',
      'it has look-around that could take very long',
      'Write it without look-around, or with bounds ({1,40}).',
    )
  const onV8 = new RegExp(emitRegex(node, 'v8'), 'dg')
  const longest = looks ? Infinity : longestForV8(cost)
  if (longest === Infinity) return (text) => v8Spans(onV8, text)
  const onRe2 = ((): RE2JS => {
    try {
      return RE2JS.compile(emitRegex(node, 're2'))
    } catch (error) {
      return refuse('regex', `it cannot run in linear time: ${messageOf(error)}`, 'Make the bounds of repetitions smaller.')
    }
  })()
  return (text) => (text.length <= longest ? v8Spans(onV8, text) : re2Spans(onRe2, text))
}

function* v8Spans(regex: RegExp, text: string): Generator<SecretSpan> {
  regex.lastIndex = 0
  for (const match of text.matchAll(regex)) {
    const [from, to] = match.indices![1] ?? match.indices![0]!
    if (to > from) yield { from, to }
  }
}

function* re2Spans(regex: RE2JS, text: string): Generator<SecretSpan> {
  const matcher = regex.matcher(text)
  while (matcher.find()) {
    const group = matcher.groupCount() > 0 && matcher.start(1) >= 0 ? 1 : 0
    const [from, to] = [matcher.start(group), matcher.end(group)]
    if (to > from) yield { from, to }
  }
}

/** Why an example gives nothing, as far as it can be told. */
function whyNot({ keywords, find, check }: SecretShape, sample: string): string {
  if (!keywords.some((word) => sample.toLowerCase().includes(word))) return ': none of its keywords stands there'
  const [span] = find(sample)
  if (span === undefined) return ': the expression does not match'
  const secret = sample.slice(span.from, span.to)
  if (check?.(secret) === false) return ': what is matched does not pass the check'
  return ': what is matched looks like a placeholder, or has too little entropy'
}

import { expect, test } from 'vitest'
import { JsonScan } from '../../../scan/json-scan.ts'
import { MEMORY } from '../../../scan/memory.ts'
import { loadRuleTexts } from '../load/load.ts'
import { compileSigma } from './program.ts'
import { IN_DOCUMENT, ScanReader } from './scan-reader.ts'
import { ScannedLiteral } from './scanned-literal.ts'

const WORDS = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf']

/** One rule a word, in a field or anywhere. */
const text = WORDS.flatMap((word) =>
  [{ 'CommandLine|contains': word }, [`say ${word}`]].map((selection, at) =>
    JSON.stringify({
      title: word,
      id: `${word}-${at}`,
      logsource: { product: 'windows' },
      detection: { selection, condition: 'selection' },
    }),
  ),
).join('\n---\n')

test.each(['empty', 'full'])('rules match scanned events when the memory for indexes is %s', (memory) => {
  const program = compileSigma(loadRuleTexts([{ file: 'words.yml', text }]).rules)
  const { literals } = program.scan
  if (memory === 'full') for (let size = 1 << 23; size >= 16; size /= 2) while (literals.reserve(size) !== undefined);
  expect(literals.index([{ text: 'word', id: 0, how: 'inside' }]) === undefined).toBe(memory === 'full')
  for (const [at, word] of WORDS.entries()) {
    const event = {
      Channel: 'Security',
      EventID: 4688,
      CommandLine: `C:\\${word.toUpperCase()}.exe`,
      note: at % 2 === 0 ? `Say ${word}!` : '',
    }
    const bytes = Buffer.from(JSON.stringify(event))
    expect(program.scan.read(bytes, 0, bytes.length)).toBe(true)
    expect(program.matchScan().map(({ info }) => info.id)).toEqual(at % 2 === 0 ? [`${word}-0`, `${word}-1`] : [`${word}-0`])
  }
})

test('a literal that stands last in the memory is compared within it', () => {
  const scan = new JsonScan()
  const path = scan.path(['x'])!
  const literal = new ScannedLiteral('abcdefghijklmnop', 'contains')
  expect(scan.literals.reserve(MEMORY.end - MEMORY.arena - 32)).toBeDefined()
  const bytes = Buffer.from(JSON.stringify({ x: 'zz abcdefghijklmnop zz' }))
  expect(scan.read(bytes, 0, bytes.length)).toBe(true)
  expect(literal.holds(scan, path)).toBe(true)
  expect(scan.literals.reserve(1)).toBeUndefined()
})

test.each([[[]], [['*', 'name']]])('a field at %j, of the whole document, is read from the document', (keys) => {
  const scan = new JsonScan()
  const reader = new ScanReader(scan, [{ keys, convert: () => 'of all' }])
  const bytes = Buffer.from('{"a":1}')
  expect(scan.read(bytes, 0, bytes.length)).toBe(true)
  expect([reader.locate(), reader.places]).toEqual([IN_DOCUMENT, undefined])
})

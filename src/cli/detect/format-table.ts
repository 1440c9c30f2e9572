import type { Level } from '../../kernel/detection.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Formatter } from './formatter.ts'
import type { Hit } from './hit.ts'

/** A word and a colour: severity is never colour alone. */
const COLOURS: Readonly<Record<Level, string>> = {
  critical: '\u001b[1;37;41m',
  high: '\u001b[1;31m',
  medium: '\u001b[33m',
  low: '\u001b[36m',
  informational: '\u001b[2m',
}
const RESET = '\u001b[0m'
const DIM = '\u001b[2m'
const WIDEST_LEVEL = 13
const LONGEST_VALUE = 120

/** For people: level, title and place on one line, the matching fields below it. */
export function tableFormatter(colour: boolean): Formatter {
  const paint = (code: string, text: string) => (colour ? `${code}${text}${RESET}` : text)
  return {
    hit({ rule, input, records, fields }: Hit) {
      const place =
        records === undefined ? `${input.file}:${input.record}` : `${input.file}: ${records.length} records up to ${input.record}`
      const techniques = rule.techniques.length === 0 ? '' : `  ${rule.techniques.join(' ')}`
      const head = `${paint(COLOURS[rule.level], rule.level.padEnd(WIDEST_LEVEL))} ${printable(rule.title)}${techniques}  ${paint(DIM, printable(place))}\n`
      return (
        head +
        fieldLines(fields)
          .map((line) => `${' '.repeat(WIDEST_LEVEL + 1)}${paint(DIM, line)}\n`)
          .join('')
      )
    },
    end: () => '',
  }
}

function fieldLines(fields: JsonObject): string[] {
  return Object.entries(fields).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const short = text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
    return `${printable(name)} = ${printable(short)}`
  })
}

/** Events are written by attackers too: control characters must not reach the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

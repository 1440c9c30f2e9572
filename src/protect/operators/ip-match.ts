import { KanpekiError } from '../../kernel/error.ts'
import { networksOf } from '../../platform/text/networks.ts'
import type { Operator, Test } from './operator.ts'

function networkTest(entries: readonly string[]): Test {
  const holds = networksOf(
    entries,
    (entry) =>
      new KanpekiError('ip-range', `${entry} is no address and no network.`, { remedy: 'Write 192.0.2.0/24 or 2001:db8::/32.' }),
  )
  return (value) => (holds(value) ? { matched: value } : undefined)
}

export const ipMatch: Operator = {
  id: 'ipMatch',
  compile: (argument) =>
    networkTest(
      argument
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    ),
}

/** One address or network a line; what follows a `#` is a comment. */
export const ipMatchFromFile: Operator = {
  id: 'ipMatchFromFile',
  compile: (argument, { readData }) => {
    const lines = argument.split(/\s+/).flatMap((name) => (name === '' ? [] : readData(name).split(/\r?\n/)))
    return networkTest(lines.map((line) => line.replace(/#.*$/, '').trim()).filter((line) => line !== ''))
  },
}

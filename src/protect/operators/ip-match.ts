import { BlockList, isIP } from 'node:net'
import { KanpekiError } from '../../kernel/error.ts'
import type { Operator, Test } from './operator.ts'

/** Addresses and networks (`10.0.0.0/8`, `2001:db8::/32`); an address alone is a network of itself. */
function networkTest(entries: readonly string[]): Test {
  const list = new BlockList()
  for (const entry of entries) addNetwork(list, entry)
  return (value) => {
    const family = isIP(value)
    if (family === 0) return undefined
    return list.check(value, family === 4 ? 'ipv4' : 'ipv6') ? { matched: value } : undefined
  }
}

function addNetwork(list: BlockList, entry: string): void {
  const [address = '', bits] = entry.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (family === 0 || length < 0 || length > most) {
    throw new KanpekiError('ip-range', `${entry} is no address and no network.`, {
      remedy: 'Write 192.0.2.0/24 or 2001:db8::/32.',
    })
  }
  list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6')
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

import { type Draft, known } from '../../normalise/draft.ts'

/** Hives as Sysmon shortens them and as Windows names them in the audit log. */
const HIVES: readonly (readonly [prefix: string, hive: string])[] = [
  ['HKLM\\', 'HKLM'],
  ['HKU\\', 'HKU'],
  ['HKCR\\', 'HKCR'],
  ['HKCU\\', 'HKCU'],
  ['\\REGISTRY\\MACHINE\\', 'HKLM'],
  ['\\REGISTRY\\USER\\', 'HKU'],
]

/**
 * ECS `registry` of a path such as `HKLM\SOFTWARE\…\Run\Updater` and Sysmon's Details: `DWORD (0x00000001)`, `QWORD (…)`,
 * `Binary Data`, or the text itself. For a key event the last part is the key's own name; ECS has the same fields for both.
 */
export function registryOf(path: string | undefined, details: string | undefined): Draft | undefined {
  if (path === undefined || path === '') return undefined
  const registry: Draft = { path }
  for (const [prefix, hive] of HIVES) {
    if (!path.startsWith(prefix)) continue
    registry['hive'] = hive
    registry['key'] = path.slice(prefix.length)
    break
  }
  const slash = path.lastIndexOf('\\')
  if (slash >= 0 && slash < path.length - 1) registry['value'] = path.slice(slash + 1)
  const text = known(details)
  if (text !== undefined) registry['data'] = dataOf(text)
  return registry
}

function dataOf(details: string): Draft {
  if (details === 'Binary Data') return { type: 'REG_BINARY' }
  const number = /^(DWORD|QWORD) \(0x([0-9a-f]{1,8})(?:-0x([0-9a-f]{1,8}))?\)$/i.exec(details)
  if (number === null) return { type: 'REG_SZ', strings: [details] }
  const high = number[3] === undefined ? 0n : BigInt(`0x${number[2]}`)
  const low = BigInt(`0x${number[3] ?? number[2]}`)
  return { type: `REG_${number[1]!.toUpperCase()}`, strings: [String((high << 32n) | low)] }
}

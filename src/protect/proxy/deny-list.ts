import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isIP, isIPv4 } from 'node:net'
import { messageOf } from '../../kernel/error.ts'
import { stopPage } from './block-page.ts'
import type { Inspection, Inspector } from './inspection.ts'

/** Beside our own SecLang rules (7300000 to 7399999). */
export const DENIED_ADDRESS = 7_399_001
const LOOK_EVERY_MS = 500

export interface DenyList extends Inspector {
  close(): void
}

/**
 * Keeps out the client addresses of a file, which is looked at twice a second: one a line, what follows a space is for people and
 * programs. Nothing is kept out while there is no file; one that cannot be read leaves what was read before. What is no address is
 * warned of.
 */
export function denyList(file: string, warn: (text: string) => void): DenyList {
  let denied: ReadonlySet<string> = new Set()
  let seen = ''
  const read = (): void => {
    denied = addressesOf(textOf(file), (count) => warn(`${file}: ${count} lines are no addresses`))
  }
  const look = async (): Promise<void> => {
    try {
      const facts = await stat(file, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      const now = facts === undefined ? '' : `${facts.ino} ${facts.size} ${facts.mtimeNs}`
      if (now === seen) return
      read()
      seen = now
    } catch (error) {
      warn(`${file} cannot be read: ${messageOf(error)}`)
    }
  }
  read()
  let looking = false
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    void look().finally(() => {
      looking = false
    })
  }, LOOK_EVERY_MS)
  timer.unref()
  return {
    begin: ({ client, reference, request }) =>
      denied.has(plain(client)) ? denying(client, () => stopPage('blocked', 403, reference, request.headers)) : undefined,
    close: () => clearInterval(timer),
  }
}

function denying(client: string, page: () => ReturnType<typeof stopPage>): Inspection {
  return {
    requestBytes: 0,
    request: () => ({
      messages: [{ id: DENIED_ADDRESS, msg: 'The address is kept out', data: client, var: 'REMOTE_ADDR' }],
      stop: { interruption: { ruleId: DENIED_ADDRESS, action: 'deny', status: 403 }, page: page() },
    }),
    answerHead: () => ({ bytes: 0, hold: false }),
    answer: () => undefined,
    over: () => undefined,
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function addressesOf(text: string, wrong: (count: number) => void): ReadonlySet<string> {
  const addresses = new Set<string>()
  let others = 0
  for (const line of text.split('\n')) {
    const [first = ''] = line.trim().split(/\s/, 1)
    if (first === '' || first.startsWith('#')) continue
    if (isIP(first) === 0) others += 1
    else addresses.add(plain(first))
  }
  if (others > 0) wrong(others)
  return addresses
}

/** As a socket and as a person write the same address. */
function plain(address: string): string {
  const bare = address.startsWith('::ffff:') ? address.slice(7) : address
  if (isIPv4(bare)) return bare
  return isIP(address) === 6 && !address.includes('%') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
}

import { existsSync, readFileSync } from 'node:fs'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { writeFileAtomically } from '../platform/atomic-file.ts'
import type { WafSettings } from '../protect/proxy/waf-settings.ts'
import { send } from './request.ts'

type Server = NonNullable<WafSettings['server']>

const PATH = '/api/v1/waf/exclusions.conf'
/** What the server may say: exclusions as it writes them and nothing else, so that whoever holds it cannot switch the rules off as a whole. */
const LINES = [
  /^# [0-9a-f-]{36}$/,
  /^SecRule TIME_EPOCH "@lt \d{1,12}" "id:738\d{4},phase:1,pass,nolog,t:none,chain"$/,
  /^ {2}SecRule REQUEST_FILENAME "@streq \/[^"\\%]*" "t:none,ctl:(?:ruleRemoveById=\d{1,10}|ruleRemoveTargetById=\d{1,10};[A-Z_]+(?::[^"'\\%,;]+)?)"$/,
]

export interface Following {
  readonly stop: () => void
}

/** Makes sure that there is a file of exclusions to begin with: those of the server, or the ones kept from before, or none. */
export async function firstExclusions(server: Server, say: (text: string) => void): Promise<void> {
  try {
    await takeExclusions(server)
  } catch (error) {
    say(`exclusions of ${server.url}: ${messageOf(error)}${existsSync(server.keep) ? '; those kept from before serve' : ''}`)
    if (!existsSync(server.keep)) await writeFileAtomically(server.keep, '')
  }
}

/** Looks every so often whether the server has others, and has the rules read again when it has. */
export function followExclusions(server: Server, reload: () => Promise<void>, say: (text: string) => void): Following {
  let isLost = false
  let isEnding = false
  /** Taken, but the rules could not be read again. */
  let isPending = false
  let timer: NodeJS.Timeout
  const look = async (): Promise<void> => {
    try {
      isPending = (await takeExclusions(server)) || isPending
      if (isPending) {
        await reload()
        isPending = false
        say(`exclusions of ${server.url} were taken`)
      }
      isLost = false
    } catch (error) {
      if (!isLost) say(`exclusions of ${server.url}: ${messageOf(error)}; those kept from before serve`)
      isLost = true
    }
    if (!isEnding) timer = setTimeout(() => void look(), server.everySeconds * 1000)
  }
  timer = setTimeout(() => void look(), server.everySeconds * 1000)
  return {
    stop: () => {
      isEnding = true
      clearTimeout(timer)
    },
  }
}

/** @returns whether they are others than those kept. @throws KanpekiError where the server does not answer, refuses, or says something else. */
async function takeExclusions({ url, tokenFile, ca, keep }: Server): Promise<boolean> {
  const token = readFileSync(tokenFile, 'utf8').trim()
  const { status, text } = await send({ url, ca }, PATH, { method: 'GET', headers: { authorization: `Bearer ${token}` } })
  if (status !== 200) throw new KanpekiError('refused', `it answered ${status}.`)
  const strange = text.split('\n').find((line) => line !== '' && !LINES.some((form) => form.test(line)))
  if (strange !== undefined) throw new KanpekiError('refused', `it says what is no exclusion: ${strange.slice(0, 100)}`)
  if (existsSync(keep) && readFileSync(keep, 'utf8') === text) return false
  await writeFileAtomically(keep, text)
  return true
}

import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { readCookie, setCookie } from '../cookies.ts'
import type { Db } from '../queries.ts'
import { newSecret } from '../secret.ts'
import { addressOf, networkOf } from './address.ts'
import { forgetMarks, isKnown, rememberMarks } from './queries.ts'

const KEPT_MS = 365 * 86_400_000

function markOf(kind: 'device' | 'network', value: string): string {
  return createHash('sha256').update(`${kind}\0${value}`).digest('hex')
}

/** From where a request comes, as far as the account has been signed in to from there. */
export interface Familiar {
  /** What the browser is counted by, where it is one that signed in to this account before. */
  readonly device: string | undefined
  readonly network: boolean
}

export async function familiar(db: Db, account: string | undefined, request: IncomingMessage): Promise<Familiar> {
  if (account === undefined) return { device: undefined, network: false }
  const cookie = readCookie(request, 'device')
  const device = cookie === undefined ? undefined : markOf('device', cookie)
  return {
    device: device !== undefined && (await isKnown(db, account, device)) ? device : undefined,
    network: await isKnown(db, account, markOf('network', networkOf(addressOf(request)))),
  }
}

/** Remembers browser and network of a sign-in that went through. @returns the browser's cookie, to be set. */
export async function remember(
  db: Db,
  account: { readonly id: string; readonly scope: string },
  request: IncomingMessage,
  secure: boolean,
  now: number,
): Promise<string> {
  const given = readCookie(request, 'device')
  const secret = given !== undefined && /^[A-Za-z0-9_-]{43}$/.test(given) ? given : newSecret()
  const marks = [markOf('device', secret), markOf('network', networkOf(addressOf(request)))]
  await rememberMarks(db, account, marks, now)
  await forgetMarks(db, now - KEPT_MS)
  return setCookie(secure, 'device', secret, KEPT_MS / 1000)
}

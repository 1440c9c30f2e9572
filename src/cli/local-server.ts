import type { Grant } from '../access/schema.ts'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { openOwnState } from '../app/care/open-own-state.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { readConfig } from '../platform/config.ts'
import { dataDir, runningServer } from '../platform/data-dir.ts'

const TOKEN_LIFE_MS = 60_000

export interface LocalServer {
  readonly url: string
  /** The certificate it shows, if it speaks TLS. */
  readonly ca?: string
  readonly pinned: true
  readonly token: string
  /** The token, or a new one where it is about to end: for work that may take longer than it lives. */
  fresh(): Promise<string>
}

/**
 * The server that runs on a data folder, with a token that lives for a minute: whoever can write the folder may do
 * anything anyway. Undefined if none runs.
 */
export async function localServer(data: string, grant: Grant, name: string): Promise<LocalServer | undefined> {
  const server = runningServer(dataDir(data))
  if (server === undefined) return undefined
  let made = Date.now()
  let token = await tokenFor(data, grant, name, made)
  return {
    url: server.url,
    ...(server.ca === undefined ? {} : { ca: server.ca }),
    pinned: true,
    token,
    async fresh() {
      const now = Date.now()
      if (now - made < TOKEN_LIFE_MS / 2) return token
      token = await tokenFor(data, grant, name, now)
      made = now
      return token
    },
  }
}

async function tokenFor(data: string, grant: Grant, name: string, now: number): Promise<string> {
  const { state } = await openOwnState(readConfig(data, {}, process.env))
  try {
    const request = { scope: DEFAULT_SCOPE, name, grant, owner: null, life: TOKEN_LIFE_MS }
    return (await createToken(state.tables<AccessTables>(), request, now)).token
  } finally {
    await state.close()
  }
}

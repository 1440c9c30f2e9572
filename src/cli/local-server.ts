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
}

/**
 * The server that runs on a data folder, with a token that lives for a minute: whoever can write the folder may do
 * anything anyway. Undefined if none runs.
 */
export async function localServer(data: string, grant: Grant, name: string): Promise<LocalServer | undefined> {
  const server = runningServer(dataDir(data))
  if (server === undefined) return undefined
  const { state } = await openOwnState(readConfig(data, {}, process.env))
  try {
    const { token } = await createToken(
      state.tables<AccessTables>(),
      { scope: DEFAULT_SCOPE, name, grant, owner: null, life: TOKEN_LIFE_MS },
      Date.now(),
    )
    return { url: server.url, ...(server.ca === undefined ? {} : { ca: server.ca }), pinned: true, token }
  } finally {
    await state.close()
  }
}

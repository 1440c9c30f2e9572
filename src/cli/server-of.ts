import type { Grant } from '../access/schema.ts'
import { KanpekiError } from '../kernel/error.ts'
import { type LocalServer, localServer } from './local-server.ts'
import { callApi } from './remote.ts'
import type { ServerRef } from './request.ts'

/** How a person names a server: by its address, or by the data folder that it runs on. */
export interface ServerOptions {
  readonly data: string
  readonly url?: string | undefined
  readonly ca?: string | undefined
  readonly token?: string | undefined
}

export interface ScopedServerOptions extends ServerOptions {
  readonly scope: string
}

export type NamedServer = LocalServer | (Exclude<ServerRef, string> & { readonly token: string | undefined })

/** Calls the API of one server, in one scope. */
export type CallApi = <T>(method: 'GET' | 'POST', path: string, body?: unknown) => Promise<T>

/** The API of the server that serverOf answers. */
export async function apiOf(options: ScopedServerOptions, grant: Grant, name: string): Promise<CallApi> {
  const server = await serverOf(options, grant, name)
  return async (method, path, body) => callApi(server, await tokenOf(server), method, path, body, options.scope)
}

/** What a request may show now: the token of a server on this host is renewed while work goes on. */
export async function tokenOf(server: NamedServer): Promise<string | undefined> {
  return 'fresh' in server ? await server.fresh() : server.token
}

/**
 * The server that is named, else the one that runs on the data folder, with a token of `grant` for a minute.
 * @throws KanpekiError `unreachable` where none is named and none runs on the data folder.
 */
export async function serverOf({ data, url, ca, token }: ServerOptions, grant: Grant, name: string): Promise<NamedServer> {
  if (url !== undefined) return { url, ...(ca === undefined ? {} : { ca }), token: token ?? process.env['KANPEKI_TOKEN'] }
  const server = await localServer(data, grant, name)
  if (server !== undefined) return server
  throw new KanpekiError('unreachable', `No server runs on ${data}.`, {
    remedy: "Start it with 'kanpeki up', or name one with --url and --token.",
  })
}

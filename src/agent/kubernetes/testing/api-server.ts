import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { isJsonObject, type JsonObject } from '../../../kernel/json.ts'
import { KINDS } from '../kinds.ts'
import { objectAt, textAt } from '../read.ts'

// As much of an API server as a client that reads can tell from a real one, by kubernetes.io, "Kubernetes API Concepts"; kubectl's
// own word for it is in the test.

interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly resource: string
  readonly object: JsonObject
}

interface Watcher {
  readonly resource: string
  readonly namespace: string | undefined
  readonly bookmarks: boolean
  readonly reply: ServerResponse
}

export interface Asked {
  readonly path: string
  readonly query: URLSearchParams
  readonly token: string
}

export interface ApiServer {
  readonly port: number
  /** Tokens that are let in → resources that each may not read. */
  readonly tokens: Map<string, ReadonlySet<string>>
  readonly asked: Asked[]
  put(resource: string, object: JsonObject): void
  remove(resource: string, namespace: string, name: string): void
  /** Says how far everything is to those who watch. */
  bookmark(): void
  /** Forgets all changes up to now, as etcd's compaction does, and ends all watches. */
  compact(): void
  watching(resource: string): number
  close(): Promise<void>
}

const CAMEL: Readonly<Record<string, string>> = {
  serviceaccounts: 'ServiceAccount',
  daemonsets: 'DaemonSet',
  statefulsets: 'StatefulSet',
  cronjobs: 'CronJob',
  ingresses: 'Ingress',
  networkpolicies: 'NetworkPolicy',
  rolebindings: 'RoleBinding',
  clusterroles: 'ClusterRole',
  clusterrolebindings: 'ClusterRoleBinding',
}
const kindOf = (type: string, resource: string): string => CAMEL[resource] ?? `${type[0]!.toUpperCase()}${type.slice(1)}`
const CLUSTER_WIDE = new Set(['namespaces', 'nodes', 'clusterroles', 'clusterrolebindings'])

export async function startApiServer(tls: { readonly cert: string; readonly key: string }): Promise<ApiServer> {
  let version = 100
  let compacted = 100
  const objects = new Map<string, { readonly resource: string; readonly object: JsonObject }>()
  const changes: Change[] = []
  const watchers = new Set<Watcher>()
  const tokens = new Map<string, ReadonlySet<string>>()
  const asked: Asked[] = []

  const groupOf = (resource: string): string => KINDS.find((kind) => kind.resource === resource)?.version ?? 'v1'
  const full = (resource: string, object: JsonObject): JsonObject => {
    const { type } = KINDS.find((kind) => kind.resource === resource)!
    return { apiVersion: groupOf(resource), kind: kindOf(type, resource), ...object }
  }
  const send = (reply: ServerResponse, status: number, body: JsonObject): void => {
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const refuse = (reply: ServerResponse, code: number, reason: string, message: string): void =>
    send(reply, code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code })
  const keyOf = (resource: string, object: JsonObject): string => {
    const metadata = objectAt(object, 'metadata')
    return `${resource} ${textAt(metadata, 'namespace') ?? ''}/${textAt(metadata, 'name') ?? ''}`
  }
  const within = (object: JsonObject, namespace: string | undefined): boolean =>
    namespace === undefined || textAt(objectAt(object, 'metadata'), 'namespace') === namespace
  const changed = (change: Change): void => {
    changes.push(change)
    for (const { resource, namespace, reply } of watchers)
      if (resource === change.resource && within(change.object, namespace))
        reply.write(`${JSON.stringify({ type: change.type, object: change.object })}\n`)
  }
  const put = (resource: string, given: JsonObject): JsonObject => {
    version += 1
    const key = keyOf(resource, given)
    const before = objects.get(key)
    const uid = textAt(objectAt(before?.object, 'metadata'), 'uid') ?? randomUUID()
    const metadata = { ...objectAt(given, 'metadata'), uid, resourceVersion: String(version) }
    const object = full(resource, { ...given, metadata })
    objects.set(key, { resource, object })
    changed({ version, type: before === undefined ? 'ADDED' : 'MODIFIED', resource, object })
    return object
  }
  const remove = (resource: string, namespace: string, name: string): JsonObject | undefined => {
    const found = objects.get(`${resource} ${namespace}/${name}`)
    if (found === undefined) return undefined
    version += 1
    objects.delete(`${resource} ${namespace}/${name}`)
    const metadata = { ...objectAt(found.object, 'metadata'), resourceVersion: String(version) }
    const object = { ...found.object, metadata }
    changed({ version, type: 'DELETED', resource, object })
    return object
  }

  const list = (reply: ServerResponse, resource: string, namespace: string | undefined, query: URLSearchParams): void => {
    const from = query.get('continue')
    const [at, start] = from === null ? [version, 0] : (JSON.parse(Buffer.from(from, 'base64url').toString()) as [number, number])
    if (at < compacted) return void refuse(reply, 410, 'Expired', 'The provided continue parameter is too old.')
    const all = [...objects.values()].filter((one) => one.resource === resource && within(one.object, namespace))
    const limit = Number(query.get('limit') ?? 0) || all.length
    const rest = all.length - start - limit
    const { type } = KINDS.find((kind) => kind.resource === resource)!
    const next = Buffer.from(JSON.stringify([at, start + limit])).toString('base64url')
    send(reply, 200, {
      kind: `${kindOf(type, resource)}List`,
      apiVersion: groupOf(resource),
      metadata: { resourceVersion: String(at), ...(rest > 0 ? { continue: next, remainingItemCount: rest } : {}) },
      items: all.slice(start, start + limit).map(({ object }) => object),
    })
  }
  const watch = (reply: ServerResponse, resource: string, namespace: string | undefined, query: URLSearchParams): void => {
    const from = Number(query.get('resourceVersion') ?? 0)
    reply.writeHead(200, { 'content-type': 'application/json' })
    reply.flushHeaders()
    if (from < compacted) {
      const object = { kind: 'Status', status: 'Failure', reason: 'Expired', message: 'too old resource version', code: 410 }
      return void reply.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
    }
    for (const one of changes)
      if (one.version > from && one.resource === resource && within(one.object, namespace))
        reply.write(`${JSON.stringify({ type: one.type, object: one.object })}\n`)
    const watcher = { resource, namespace, bookmarks: query.get('allowWatchBookmarks') === 'true', reply }
    watchers.add(watcher)
    reply.on('close', () => watchers.delete(watcher))
  }
  const discovery = (path: string): JsonObject | undefined => {
    const groups = [...new Set(KINDS.map((kind) => kind.version))]
    if (path === '/version') return { major: '1', minor: '31', gitVersion: 'v1.31.0' }
    if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
    if (path === '/apis')
      return {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: groups
          .filter((one) => one.includes('/'))
          .map((groupVersion) => {
            const [name = '', number = ''] = groupVersion.split('/')
            return { name, versions: [{ groupVersion, version: number }], preferredVersion: { groupVersion, version: number } }
          }),
      }
    const groupVersion = path.replace(/^\/apis?\//, '')
    if (!groups.includes(groupVersion)) return undefined
    return {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion,
      resources: KINDS.filter((one) => one.version === groupVersion).map(({ resource, type }) => ({
        name: resource,
        singularName: type,
        namespaced: !CLUSTER_WIDE.has(resource),
        kind: kindOf(type, resource),
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'watch'],
      })),
    }
  }

  const answer = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'https://cluster')
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    asked.push({ path, query, token })
    const withheld = tokens.get(token)
    if (withheld === undefined) return refuse(reply, 401, 'Unauthorized', 'Unauthorized')
    const found = discovery(path)
    if (found !== undefined) return send(reply, 200, found)
    const parts = /^\/(?:api|apis\/[^/]+)\/v1(?:\/namespaces\/([^/]+)(?=\/[^/]))?\/([^/]+)(?:\/([^/]+))?$/.exec(path)
    const [, namespace, resource = '', name] = parts ?? []
    if (!KINDS.some((kind) => kind.resource === resource)) return refuse(reply, 404, 'NotFound', `there is no ${path}`)
    if (withheld.has(resource))
      return refuse(reply, 403, 'Forbidden', `${resource} is forbidden: User "agent" cannot list resource "${resource}"`)
    if (request.method === 'POST') {
      const given = await bodyOf(request)
      const metadata = { ...objectAt(given, 'metadata'), ...(namespace === undefined ? {} : { namespace }) }
      return send(reply, 201, put(resource, { ...given, metadata }))
    }
    const known = name === undefined ? undefined : objects.get(`${resource} ${namespace ?? ''}/${name}`)?.object
    if (name !== undefined && known === undefined) return refuse(reply, 404, 'NotFound', `${resource} "${name}" not found`)
    if (request.method === 'PATCH' && known !== undefined)
      return send(reply, 200, put(resource, merged(known, await bodyOf(request))))
    if (request.method === 'DELETE' && name !== undefined) return send(reply, 200, remove(resource, namespace ?? '', name)!)
    if (known !== undefined) return send(reply, 200, known)
    if (['1', 'true'].includes(query.get('watch') ?? '')) return watch(reply, resource, namespace, query)
    list(reply, resource, namespace, query)
  }

  const server = createServer(tls, (request, reply) => {
    answer(request, reply).catch((error: unknown) => refuse(reply, 500, 'InternalError', String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    tokens,
    asked,
    put: (resource, object) => void put(resource, object),
    remove: (resource, namespace, name) => void remove(resource, namespace, name),
    bookmark() {
      version += 1
      for (const { resource, bookmarks, reply } of watchers)
        if (bookmarks)
          reply.write(
            `${JSON.stringify({ type: 'BOOKMARK', object: full(resource, { metadata: { resourceVersion: String(version) } }) })}\n`,
          )
    },
    compact() {
      version += 1
      compacted = version
      changes.length = 0
      for (const { reply } of watchers) reply.end()
      watchers.clear()
    },
    watching: (resource) => [...watchers].filter((one) => one.resource === resource).length,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
  return isJsonObject(body) ? body : {}
}

/** RFC 7396. */
function merged(into: JsonObject, patch: JsonObject): JsonObject {
  const result = new Map(Object.entries(into))
  for (const [name, value] of Object.entries(patch)) {
    const held = result.get(name)
    if (value === null) result.delete(name)
    else result.set(name, isJsonObject(value) ? merged(isJsonObject(held) ? held : {}, value) : value)
  }
  return Object.fromEntries(result)
}

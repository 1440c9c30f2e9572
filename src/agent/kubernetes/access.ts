import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'

/** Where an API server is, by which authority it is known, and how the agent says who it is. */
export interface ClusterAccess {
  readonly url: string
  /** PEM; the only authority that is trusted. Undefined: those of the system. */
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Read anew for each request: a service account's token lives an hour, and the kubelet writes the next one in its place. */
  readonly token: () => string | undefined
  /** What the kubeconfig calls the cluster. */
  readonly name: string | undefined
  /** Sent for the certificate's check, where the server is not named as it is reached. */
  readonly serverName: string | undefined
}

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

const refused = (message: string, file: string, remedy: string): KanpekiError =>
  new KanpekiError('kubernetes_access', message, { place: { file }, remedy })

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw refused(`It cannot be read: ${messageOf(error)}.`, file, 'Is it there, and may the agent read it?')
  }
}

/**
 * What every pod with a service account finds in itself (kubernetes.io, "Accessing the Kubernetes API from a Pod").
 * @throws KanpekiError `kubernetes_access` outside of a pod.
 */
export function inClusterAccess(folder = ACCOUNT, env: NodeJS.ProcessEnv = process.env): ClusterAccess {
  const host = env['KUBERNETES_SERVICE_HOST']
  if (host === undefined || host === '')
    throw refused('The agent runs in no pod.', folder, 'Name a kubeconfig in the policy: {"kubernetes": {"kubeconfig": "/…"}}.')
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? '443'}`,
    ca: read(resolve(folder, 'ca.crt')),
    cert: undefined,
    key: undefined,
    token: () => read(resolve(folder, 'token')).trim(),
    name: undefined,
    serverName: undefined,
  }
}

/**
 * A context of a kubeconfig (v1). Programs that make tokens (`exec`) are not run, and a server whose certificate nobody checks is
 * not asked.
 * @throws KanpekiError `kubernetes_access`.
 */
export async function kubeconfigAccess(file: string, wanted?: string): Promise<ClusterAccess> {
  const { parse } = await import('yaml')
  let config: unknown
  try {
    config = parse(read(file))
  } catch (error) {
    if (error instanceof KanpekiError) throw error
    throw refused(`It is no YAML: ${messageOf(error).split('\n')[0]}.`, file, 'Write it anew with kubectl config view --raw.')
  }
  const root = isJsonObject(config) ? config : {}
  const context = wanted ?? textIn(root, 'current-context')
  const chosen = named(root['contexts'], context, 'context')
  const clusterName = textIn(chosen, 'cluster')
  const cluster = named(root['clusters'], clusterName, 'cluster')
  const user = named(root['users'], textIn(chosen, 'user'), 'user')
  if (chosen === undefined || cluster === undefined || user === undefined)
    throw refused(
      `It has no complete context ${context ?? 'of its own'}.`,
      file,
      'Name one that kubectl config get-contexts lists.',
    )
  const url = textIn(cluster, 'server') ?? ''
  if (!url.startsWith('https://')) throw refused(`${url} is not https.`, file, 'The agent speaks TLS only.')
  if (cluster['insecure-skip-tls-verify'] === true)
    throw refused('It has the server’s certificate not checked.', file, 'Give certificate-authority in its place.')
  if (user['exec'] !== undefined || user['auth-provider'] !== undefined)
    throw refused('It has a program make its token.', file, 'Give a service account’s token, tokenFile, or a client certificate.')
  const pem = (from: JsonObject, field: string): string | undefined => {
    const data = textIn(from, `${field}-data`)
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
    const path = textIn(from, field)
    return path === undefined ? undefined : read(resolve(dirname(file), path))
  }
  const tokenFile = textIn(user, 'tokenFile')
  const token = textIn(user, 'token')
  return {
    url,
    ca: pem(cluster, 'certificate-authority'),
    cert: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    token: () => (tokenFile === undefined ? token : read(resolve(dirname(file), tokenFile)).trim()),
    name: clusterName,
    serverName: textIn(cluster, 'tls-server-name'),
  }
}

const textIn = (from: JsonObject | undefined, field: string): string | undefined => {
  const value = from?.[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** `[{name, KIND: {…}}]`, as a kubeconfig keeps everything. */
function named(list: JsonValue | undefined, name: string | undefined, kind: string): JsonObject | undefined {
  if (!Array.isArray(list)) return undefined
  const found = list.find((one: JsonValue) => isJsonObject(one) && one['name'] === name)
  const held = isJsonObject(found) ? found[kind] : undefined
  return isJsonObject(held) ? held : undefined
}

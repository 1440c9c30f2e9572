import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'

/** What is known of a container, by the engine or by what its runtime leaves on the disk. */
export interface ContainerInfo {
  readonly id: string
  readonly name?: string
  /** As it was named when the container was made: `registry/name:tag`, or with a digest. */
  readonly image?: string
  readonly runtime?: string
  readonly pod?: string
  readonly namespace?: string
}

const ID = /^[0-9a-f]{64}$/

const parse = (text: string): JsonValue | undefined => {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

const readJson = (file: string): JsonValue | undefined => {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

const objectOf = (value: JsonValue | undefined): JsonObject | undefined =>
  value !== undefined && isJsonObject(value) ? value : undefined

const textIn = (value: JsonObject | undefined, ...names: readonly string[]): string | undefined => {
  for (const name of names) {
    const found = value?.[name]
    if (typeof found === 'string' && found !== '') return found.slice(0, 512)
  }
  return undefined
}

const firstName = (value: JsonValue | undefined): string | undefined => {
  const [name] = Array.isArray(value) ? value : []
  return typeof name === 'string' ? name.replace(/^\//, '').slice(0, 512) : undefined
}

const present = (fields: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined))

const folders = (path: string): readonly string[] => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Docker keeps each container's settings as `config.v2.json`. */
function byDocker(root: string, id: string): ContainerInfo | undefined {
  const found = objectOf(readJson(join(root, 'var/lib/docker/containers', id, 'config.v2.json')))
  if (found === undefined) return undefined
  const config = objectOf(found['Config'])
  const labels = objectOf(config?.['Labels'])
  return {
    id,
    runtime: 'docker',
    ...present({
      name: textIn(found, 'Name')?.replace(/^\//, ''),
      image: textIn(config, 'Image') ?? textIn(found, 'Image'),
      pod: textIn(labels, 'io.kubernetes.pod.name'),
      namespace: textIn(labels, 'io.kubernetes.pod.namespace'),
    }),
  }
}

/** containerd leaves the specification (OCI `config.json`) of each task; its CRI plugin and nerdctl write names into the annotations. */
function byContainerd(root: string, id: string): ContainerInfo | undefined {
  for (const base of ['run/containerd', 'run/k3s/containerd']) {
    const tasks = join(root, base, 'io.containerd.runtime.v2.task')
    for (const namespace of folders(tasks)) {
      const found = objectOf(readJson(join(tasks, namespace, id, 'config.json')))
      if (found === undefined) continue
      const notes = objectOf(found['annotations'])
      return {
        id,
        runtime: 'containerd',
        ...present({
          name: textIn(notes, 'io.kubernetes.cri.container-name', 'nerdctl/name'),
          image: textIn(notes, 'io.kubernetes.cri.image-name', 'org.opencontainers.image.ref.name'),
          pod: textIn(notes, 'io.kubernetes.cri.sandbox-name'),
          namespace: textIn(notes, 'io.kubernetes.cri.sandbox-namespace'),
        }),
      }
    }
  }
  return undefined
}

const STORES = ['run/containers/storage', 'var/lib/containers/storage']

/** One folder for each way to store layers: `overlay-containers`, `vfs-containers`. */
const storesIn = (base: string): readonly string[] =>
  folders(base)
    .filter((name) => name.endsWith('-containers'))
    .map((name) => join(base, name))

/** CRI-O and Podman keep theirs with containers/storage, in memory or on the disk; CRI-O names pod and image in the annotations. */
function byStorage(root: string, id: string): ContainerInfo | undefined {
  const found = STORES.flatMap((base) => storesIn(join(root, base)))
    .map((store) => objectOf(readJson(join(store, id, 'userdata/config.json'))))
    .find((one) => one !== undefined)
  if (found === undefined) return undefined
  const notes = objectOf(found['annotations'])
  const crio = textIn(notes, 'io.kubernetes.cri-o.ContainerType') !== undefined
  const kept = crio ? undefined : podmanEntry(root, id)
  return {
    id,
    runtime: crio ? 'cri-o' : 'podman',
    ...present({
      name: textIn(notes, 'io.kubernetes.container.name', 'io.kubernetes.cri-o.Name') ?? kept?.name,
      image: textIn(notes, 'io.kubernetes.cri-o.ImageName', 'io.kubernetes.cri-o.Image') ?? kept?.image,
      pod: textIn(notes, 'io.kubernetes.pod.name', 'io.kubernetes.cri-o.KubeName'),
      namespace: textIn(notes, 'io.kubernetes.pod.namespace', 'io.kubernetes.cri-o.Namespace'),
    }),
  }
}

interface PodmanEntry {
  readonly name: string | undefined
  readonly image: string | undefined
}

/** Podman writes the image's name into the storage's list, in a text that is JSON itself. */
function podmanEntry(root: string, id: string): PodmanEntry | undefined {
  const entry = STORES.flatMap((base) => storesIn(join(root, base)))
    .flatMap((store) => ['containers.json', 'volatile-containers.json'].map((name) => readJson(join(store, name))))
    .flatMap((list) => (Array.isArray(list) ? list.map(objectOf) : []))
    .find((one) => one?.['id'] === id)
  if (entry === undefined) return undefined
  const about = objectOf(parse(typeof entry['metadata'] === 'string' ? entry['metadata'] : ''))
  return { name: firstName(entry['names']), image: textIn(about, 'image-name') }
}

/** By what the runtimes leave on the disk: no engine is asked, and none needs to run. */
export function containerOnDisk(root: string, id: string): ContainerInfo | undefined {
  if (!ID.test(id)) return undefined
  return byDocker(root, id) ?? byContainerd(root, id) ?? byStorage(root, id)
}

const MOST_KEPT = 2_000

/** What is known of containers, by id: a container's image never changes. */
export interface ContainerBook {
  /** By what is on the disk, and what engines said. What is not found is looked for again a little later. */
  readonly find: (id: string) => ContainerInfo | undefined
  /** An engine said so; what the disk does not tell is taken from it. */
  readonly learn: (info: ContainerInfo) => void
}

export function containerBook(root: string): ContainerBook {
  const known = new Map<string, { readonly info: ContainerInfo | undefined; readonly at: number }>()
  const keep = (id: string, info: ContainerInfo | undefined): void => {
    if (known.size >= MOST_KEPT) known.clear()
    known.set(id, { info, at: performance.now() })
  }
  const find = (id: string): ContainerInfo | undefined => {
    const kept = known.get(id)
    if (kept !== undefined && (kept.info !== undefined || performance.now() - kept.at < AGAIN_MS)) return kept.info
    const info = containerOnDisk(root, id)
    keep(id, info)
    return info
  }
  return { find, learn: (info) => keep(info.id, { ...info, ...find(info.id) }) }
}

const AGAIN_MS = 30_000
const MOST_ANSWER = 32 * 2 ** 20
const PATIENCE_MS = 5_000

/**
 * What runs, by an engine's API (Docker Engine API 1.24 and later, which Podman serves as well) over its socket; only read.
 * Undefined where nothing answers there.
 */
export async function containersByEngine(socketPath: string): Promise<readonly ContainerInfo[] | undefined> {
  const list = parse((await ask(socketPath, '/v1.24/containers/json')) ?? '')
  if (!Array.isArray(list)) return undefined
  return list.flatMap((one) => {
    const found = objectOf(one)
    const id = textIn(found, 'Id')
    if (id === undefined || !ID.test(id)) return []
    const labels = objectOf(found?.['Labels'])
    return {
      id,
      runtime: socketPath.includes('podman') ? 'podman' : 'docker',
      ...present({
        name: firstName(found?.['Names']),
        image: textIn(found, 'Image'),
        pod: textIn(labels, 'io.kubernetes.pod.name'),
        namespace: textIn(labels, 'io.kubernetes.pod.namespace'),
      }),
    }
  })
}

function ask(socketPath: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path, headers: { host: 'localhost' }, timeout: PATIENCE_MS }, (response) => {
      let reply = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        reply += part
        if (reply.length > MOST_ANSWER) asked.destroy()
      })
      response.on('end', () => resolve(response.statusCode === 200 ? reply : undefined))
      response.on('error', () => resolve(undefined))
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(undefined))
    asked.on('close', () => resolve(undefined))
    asked.end()
  })
}

/** ECS: `container.*`, and `orchestrator.*` where it is of a pod. */
export function containerFields({ id, name, image, runtime, pod, namespace }: ContainerInfo): JsonObject {
  return {
    container: { ...present({ id, name, runtime }), ...(image === undefined ? {} : { image: { name: image } }) },
    ...(pod === undefined
      ? {}
      : { orchestrator: { type: 'kubernetes', resource: { type: 'pod', name: pod }, ...present({ namespace }) } }),
  }
}

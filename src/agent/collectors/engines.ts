import type { ContainerInfo } from './container-info.ts'
import { containersByEngine } from './container-info.ts'
import { askRpc, type Message, mapOf, messagesOf, textOf } from './engine-rpc.ts'

/** Where an engine answers, and what it speaks there. */
export interface Engine {
  readonly socket: string
  readonly speaks: 'docker' | 'containerd' | 'cri'
}

/** Where engines listen unless somebody set it otherwise. */
export const ENGINES: readonly Engine[] = [
  { socket: '/run/docker.sock', speaks: 'docker' },
  { socket: '/run/podman/podman.sock', speaks: 'docker' },
  { socket: '/run/containerd/containerd.sock', speaks: 'containerd' },
  { socket: '/run/k3s/containerd/containerd.sock', speaks: 'containerd' },
  { socket: '/run/crio/crio.sock', speaks: 'cri' },
]

const ID = /^[0-9a-f]{64}$/

const infoOf = (
  id: string | undefined,
  runtime: string,
  image: string | undefined,
  labels: ReadonlyMap<string, string>,
  name: string | undefined,
): readonly ContainerInfo[] => {
  if (id === undefined || !ID.test(id)) return []
  const told = {
    name: labels.get('io.kubernetes.container.name') ?? labels.get('nerdctl/name') ?? name,
    image,
    pod: labels.get('io.kubernetes.pod.name'),
    namespace: labels.get('io.kubernetes.pod.namespace'),
  }
  return [{ id, runtime, ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined && value !== '')) }]
}

/** containerd's own API (`services/containers/v1`): all containers of all its namespaces, running or not. Docker's are told by Docker. */
async function byContainerd(socket: string): Promise<readonly ContainerInfo[] | undefined> {
  const spaces = await askRpc(socket, '/containerd.services.namespaces.v1.Namespaces/List')
  if (spaces === undefined) return undefined
  const found: ContainerInfo[] = []
  for (const space of messagesOf(spaces, 1).map((one) => textOf(one, 1) ?? '')) {
    if (space === '' || space === 'moby') continue
    const list = await askRpc(socket, '/containerd.services.containers.v1.Containers/List', undefined, {
      'containerd-namespace': space,
    })
    for (const one of messagesOf(list, 1)) {
      const labels = mapOf(one, 2)
      // What holds a pod together is none of its containers.
      if (labels.get('io.cri-containerd.kind') === 'sandbox') continue
      found.push(...infoOf(textOf(one, 1), 'containerd', textOf(one, 3), labels, undefined))
    }
  }
  return found
}

/** The Container Runtime Interface, v1 or before it v1alpha2. */
async function byCri(socket: string): Promise<readonly ContainerInfo[] | undefined> {
  let list: Message | undefined
  for (const version of ['v1', 'v1alpha2']) list ??= await askRpc(socket, `/runtime.${version}.RuntimeService/ListContainers`)
  if (list === undefined) return undefined
  return messagesOf(list, 1).flatMap((one) => {
    const [metadata, image] = [messagesOf(one, 3)[0], messagesOf(one, 4)[0]]
    return infoOf(textOf(one, 1), 'cri-o', textOf(image, 1), mapOf(one, 8), textOf(metadata, 1))
  })
}

/** What an engine knows of its containers; only read. Undefined where nothing answers. */
export async function containersOf({ socket, speaks }: Engine): Promise<readonly ContainerInfo[] | undefined> {
  if (speaks === 'docker') return await containersByEngine(socket)
  return speaks === 'containerd' ? await byContainerd(socket) : await byCri(socket)
}

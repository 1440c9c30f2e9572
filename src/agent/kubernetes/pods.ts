import type { JsonObject } from '../../kernel/json.ts'
import { objectAt, objectsAt, present, textAt, textsAt, unique } from './read.ts'

/** What is said of an object, and what of it is worth a second look. */
export interface Described {
  readonly fields: JsonObject
  readonly risks: readonly string[]
}

/** Each gives a container the node, or close to it (capabilities(7)). */
const GRAVE_CAPABILITIES: ReadonlySet<string> = new Set([
  'ALL',
  'SYS_ADMIN',
  'SYS_PTRACE',
  'SYS_MODULE',
  'SYS_RAWIO',
  'DAC_READ_SEARCH',
  'DAC_OVERRIDE',
  'NET_ADMIN',
  'BPF',
])
/** Who can write there owns the node; sockets of engines start what one likes. */
const GRAVE_PATHS =
  /^\/(?:etc|root|home|boot|dev|proc|sys|usr|bin|sbin|lib|lib64|run|var\/run|var\/lib\/kubelet|var\/lib\/docker|var\/lib\/containerd|var\/spool\/cron)?(?:\/|$)/

const capabilityOf = (name: string): string => name.toUpperCase().replace(/^CAP_/, '')

/** What a pod's specification asks of its node; secrets and config maps by name, never what they hold. */
export function describePodSpec(spec: JsonObject | undefined): Described {
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) => objectsAt(spec, list))
  const contexts = containers.map((one) => objectAt(one, 'securityContext'))
  const volumes = objectsAt(spec, 'volumes')
  const hostPaths = unique(volumes.map((one) => textAt(objectAt(one, 'hostPath'), 'path')))
  const capabilities = unique(
    contexts.flatMap((one) => textsAt(objectAt(one, 'capabilities'), 'add').map((name) => capabilityOf(name))),
  )
  const privileged = contexts.some((one) => one?.['privileged'] === true)
  const environment = containers.flatMap((one) => [
    ...objectsAt(one, 'envFrom').map((from) => [objectAt(from, 'secretRef'), objectAt(from, 'configMapRef')] as const),
    ...objectsAt(one, 'env').map(
      (from) => [objectAt(from, 'valueFrom', 'secretKeyRef'), objectAt(from, 'valueFrom', 'configMapKeyRef')] as const,
    ),
  ])
  const projected = volumes.flatMap((one) => objectsAt(objectAt(one, 'projected'), 'sources'))
  const hostPorts = containers.flatMap((one) => objectsAt(one, 'ports')).some((port) => typeof port['hostPort'] === 'number')
  const risks = [
    ...(privileged ? ['privileged'] : []),
    ...(spec?.['hostNetwork'] === true ? ['host-network'] : []),
    ...(spec?.['hostPID'] === true ? ['host-pid'] : []),
    ...(spec?.['hostIPC'] === true ? ['host-ipc'] : []),
    ...(hostPaths.length > 0 ? ['host-path'] : []),
    ...(hostPaths.some((path) => /^\/+$/.test(path)) ? ['host-path-root'] : []),
    ...(hostPaths.some((path) => GRAVE_PATHS.test(path)) ? ['host-path-grave'] : []),
    ...(capabilities.some((name) => GRAVE_CAPABILITIES.has(name)) ? ['grave-capability'] : []),
    ...(hostPorts ? ['host-port'] : []),
  ]
  return {
    risks,
    fields: present({
      images: [...unique(containers.map((one) => textAt(one, 'image')))],
      containers: [...unique(containers.map((one) => textAt(one, 'name')))],
      node: textAt(spec, 'nodeName'),
      service_account: textAt(spec, 'serviceAccountName'),
      privileged,
      host_network: spec?.['hostNetwork'] === true,
      host_pid: spec?.['hostPID'] === true,
      host_ipc: spec?.['hostIPC'] === true,
      host_paths: [...hostPaths],
      capabilities: [...capabilities],
      secrets: [
        ...unique([
          ...volumes.map((one) => textAt(objectAt(one, 'secret'), 'secretName')),
          ...projected.map((one) => textAt(objectAt(one, 'secret'), 'name')),
          ...environment.map(([secret]) => textAt(secret, 'name')),
          ...objectsAt(spec, 'imagePullSecrets').map((one) => textAt(one, 'name')),
        ]),
      ],
      config_maps: [
        ...unique([
          ...volumes.map((one) => textAt(objectAt(one, 'configMap'), 'name')),
          ...projected.map((one) => textAt(objectAt(one, 'configMap'), 'name')),
          ...environment.map(([, config]) => textAt(config, 'name')),
        ]),
      ],
    }),
  }
}

import { createHash } from 'node:crypto'
import { canonicalJson, type JsonObject, type JsonValue } from '../../kernel/json.ts'
import type { Kind } from './kinds.ts'
import { type Described, describePodSpec } from './pods.ts'
import { objectAt, objectsAt, present, textAt, textsAt, unique } from './read.ts'
import { describeBinding, describeRole } from './rights.ts'

const WORKLOADS: ReadonlySet<string> = new Set(['deployment', 'daemonset', 'statefulset', 'job'])
const PRIVILEGED_LEVEL = 'pod-security.kubernetes.io/enforce'

/** What of an object is worth telling. Nothing that a secret could stand in: no environment, no arguments, no annotations. */
export function describe({ type }: Pick<Kind, 'type'>, object: JsonObject): Described {
  const spec = objectAt(object, 'spec')
  const status = objectAt(object, 'status')
  if (type === 'pod') {
    const { fields, risks } = describePodSpec(spec)
    return { risks, fields: { ...fields, ...present({ phase: textAt(status, 'phase') }) } }
  }
  if (WORKLOADS.has(type)) {
    const { fields, risks } = describePodSpec(objectAt(spec, 'template', 'spec'))
    return { risks, fields: { ...fields, ...present({ replicas: spec?.['replicas'] }) } }
  }
  if (type === 'cronjob') {
    const { fields, risks } = describePodSpec(objectAt(spec, 'jobTemplate', 'spec', 'template', 'spec'))
    return { risks, fields: { ...fields, ...present({ schedule: textAt(spec, 'schedule'), suspended: spec?.['suspend'] }) } }
  }
  if (type === 'role' || type === 'clusterrole') return describeRole(object)
  if (type === 'rolebinding' || type === 'clusterrolebinding') return describeBinding(object)
  if (type === 'service') return describeService(spec)
  if (type === 'ingress') return describeIngress(spec)
  if (type === 'networkpolicy') return describeNetworkPolicy(spec)
  if (type === 'node') return describeNode(spec, status)
  if (type === 'namespace') {
    const level = textAt(objectAt(object, 'metadata', 'labels'), PRIVILEGED_LEVEL)
    return { risks: level === 'privileged' ? ['pods-unrestricted'] : [], fields: present({ pod_security: level }) }
  }
  if (type === 'serviceaccount')
    return {
      risks: [],
      fields: present({ secrets: [...unique(objectsAt(object, 'secrets').map((one) => textAt(one, 'name')))] }),
    }
  return { risks: [], fields: {} }
}

function describeService(spec: JsonObject | undefined): Described {
  const type = textAt(spec, 'type') ?? 'ClusterIP'
  const external = textsAt(spec, 'externalIPs')
  return {
    risks: [
      ...(type === 'NodePort' || type === 'LoadBalancer' ? ['exposed'] : []),
      ...(external.length > 0 ? ['external-address'] : []),
    ],
    fields: present({
      service_type: type,
      ports: [
        ...unique(objectsAt(spec, 'ports').map((one) => `${textAt(one, 'protocol') ?? 'TCP'} ${String(one['port'] ?? '')}`)),
      ],
      external_addresses: [...external],
    }),
  }
}

function describeIngress(spec: JsonObject | undefined): Described {
  const tls = objectsAt(spec, 'tls')
  return {
    risks: ['exposed', ...(tls.length === 0 ? ['without-tls'] : [])],
    fields: present({
      hosts: [...unique(objectsAt(spec, 'rules').map((one) => textAt(one, 'host')))],
      ingress_class: textAt(spec, 'ingressClassName'),
      secrets: [...unique(tls.map((one) => textAt(one, 'secretName')))],
    }),
  }
}

/** A rule without peers lets anybody in (kubernetes.io, NetworkPolicyIngressRule). */
function describeNetworkPolicy(spec: JsonObject | undefined): Described {
  const open = objectsAt(spec, 'ingress').some((rule) => !Array.isArray(rule['from']) || rule['from'].length === 0)
  return { risks: open ? ['lets-anybody-in'] : [], fields: present({ policy_types: [...textsAt(spec, 'policyTypes')] }) }
}

function describeNode(spec: JsonObject | undefined, status: JsonObject | undefined): Described {
  const info = objectAt(status, 'nodeInfo')
  return {
    risks: [],
    fields: present({
      kubelet_version: textAt(info, 'kubeletVersion'),
      os_image: textAt(info, 'osImage'),
      kernel: textAt(info, 'kernelVersion'),
      container_runtime: textAt(info, 'containerRuntimeVersion'),
      unschedulable: spec?.['unschedulable'] === true,
    }),
  }
}

/** ECS: `orchestrator.*`, and beside it what was described. */
export function objectFields(
  kind: Kind,
  object: JsonObject,
  cluster: { readonly url: string; readonly name: string | undefined },
): JsonObject {
  const metadata = objectAt(object, 'metadata')
  const status = objectAt(object, 'status')
  const { fields, risks } = describe(kind, object)
  const labels = objectAt(metadata, 'labels') ?? {}
  const [owner] = objectsAt(metadata, 'ownerReferences')
  const addresses = [
    textAt(status, 'podIP'),
    ...objectsAt(status, 'addresses').flatMap((one) => (/IP$/.test(textAt(one, 'type') ?? '') ? [textAt(one, 'address')] : [])),
    ...textsAt(objectAt(object, 'spec'), 'clusterIPs').filter((one) => one !== 'None'),
  ]
  return {
    orchestrator: {
      type: 'kubernetes',
      api_version: kind.version,
      cluster: present({ name: cluster.name, url: cluster.url }),
      ...present({ namespace: textAt(metadata, 'namespace') }),
      resource: present({
        type: kind.type,
        name: textAt(metadata, 'name'),
        id: textAt(metadata, 'uid'),
        ip: [...unique(addresses)],
        label: Object.entries(labels)
          .slice(0, 50)
          .map(([name, value]) => `${name}:${String(value)}`),
        parent: owner === undefined ? undefined : present({ type: textAt(owner, 'kind')?.toLowerCase() }),
      }),
    },
    kanpeki_agent: { kubernetes: { ...fields, risks: [...risks] } },
  }
}

/** What moves by itself and says nothing: the rest is a change. */
function comparedOf(kind: Kind, object: JsonObject): JsonValue {
  const { fields } = describe(kind, object)
  const body = Object.fromEntries(
    Object.entries(object).filter(([name]) => !['status', 'metadata', 'kind', 'apiVersion', 'data', 'stringData'].includes(name)),
  )
  return [body, fields, objectAt(object, 'metadata', 'labels') ?? {}, textAt(objectAt(object, 'status'), 'podIP') ?? '']
}

/** `UID DIGEST`: another digest is a change, another uid another object of the same name. */
export function markOf(kind: Kind, object: JsonObject): string {
  const digest = createHash('sha256')
    .update(canonicalJson(comparedOf(kind, object)))
    .digest('base64url')
    .slice(0, 22)
  return `${textAt(objectAt(object, 'metadata'), 'uid') ?? ''} ${digest}`
}

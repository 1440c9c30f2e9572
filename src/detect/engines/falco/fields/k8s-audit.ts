import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { at, type Field, type FieldTable, jsonPointer, type Place, textAt, textForm } from './field.ts'

type Values = readonly (JsonValue | undefined)[]

/**
 * Fields of Falco's k8saudit plugin over an audit event (audit.k8s.io) that stands under `root`. Elements that lack a value are left
 * out of a list; a list without any has no value.
 */
export function k8sAuditFields(root: readonly string[]): FieldTable {
  const text = (...keys: readonly string[]) => textAt(root, ...keys)
  const spec = ['requestObject', 'spec']
  /** A list of the request, its elements picked by an optional number. */
  const list = (keys: readonly string[], pick: (element: JsonValue, whole: JsonValue) => Values): Field => ({
    list: true,
    places(argument) {
      if (argument !== undefined && !/^\d{1,6}$/.test(argument)) return undefined
      const place: Place = {
        keys: [...root, ...keys.slice(0, -1)],
        convert(parent) {
          const array = at(parent, [keys.at(-1)!])
          if (!Array.isArray(array)) return undefined
          const elements =
            argument === undefined
              ? (array as readonly JsonValue[])
              : (array as readonly JsonValue[]).slice(Number(argument), Number(argument) + 1)
          const found = elements
            .flatMap((element) => pick(element, parent))
            .flatMap((value) => (value === undefined || value === null ? [] : [textForm(value)]))
          return found.length === 0 ? undefined : found
        },
      }
      return [place]
    },
  })
  const containers = (...keys: readonly string[]) => list([...spec, 'containers'], (one) => [at(one, keys)])
  const container =
    (kind: string) =>
    (...keys: readonly string[]) =>
      list([...spec, kind], (one) => [at(one, keys)])
  const effective = (key: string) =>
    list([...spec, 'containers'], (one, pod) => [at(one, ['securityContext', key]) ?? at(pod, ['securityContext', key]) ?? '0'])
  const rules = (key: string) =>
    list(['requestObject', 'rules'], (rule) => {
      const values = at(rule, [key])
      return Array.isArray(values) ? (values as readonly JsonValue[]) : []
    })
  const volumes = (...keys: readonly string[]) => list([...spec, 'volumes'], (one) => [at(one, keys)])
  const of = (field: Field, argument: string, convert: (values: readonly string[]) => JsonValue | undefined): Field => ({
    places: () => field.places(argument === '' ? undefined : argument)?.map((place) => converted(place, convert)),
  })
  const images = containers('image')
  const repositories = list([...spec, 'containers'], (one) => [repositoryOf(at(one, ['image']))])
  const privileged = containers('securityContext', 'privileged')
  const hostPaths = volumes('hostPath', 'path')
  const time: Field = {
    places: () => [
      {
        keys: [...root],
        convert: (event, doc) => {
          const written = [
            at(event, ['stageTimestamp']),
            at(event, ['requestReceivedTimestamp']),
            at(event, ['timestamp']),
            at(event, ['metadata', 'creationTimestamp']),
            doc['@timestamp'],
          ].find((value) => typeof value === 'string')
          const millis = Date.parse(String(written))
          // Every event of Falco's has a time; rules ask for it where they mean "always".
          return Number.isNaN(millis) ? 'unknown' : `${millis}000000`
        },
      },
    ],
  }
  return new Map<string, Field>([
    ['ka.auditid', text('auditID')],
    ['ka.stage', text('stage')],
    ['ka.auth.decision', annotation(root, 'decision')],
    ['ka.auth.reason', annotation(root, 'reason')],
    ['ka.auth.openshift.decision', annotation(root, 'decision', 'authorization.openshift.io')],
    ['ka.auth.openshift.username', annotation(root, 'username', 'authentication.openshift.io')],
    ['ka.user.name', text('user', 'username')],
    ['ka.user.groups', list(['user', 'groups'], (one) => [one])],
    ['ka.impuser.name', text('impersonatedUser', 'username')],
    ['ka.verb', text('verb')],
    ['ka.uri', text('requestURI')],
    ['ka.uri.param', uriParameter(root)],
    ['ka.target.name', text('objectRef', 'name')],
    ['ka.target.namespace', text('objectRef', 'namespace')],
    ['ka.target.resource', text('objectRef', 'resource')],
    ['ka.target.subresource', text('objectRef', 'subresource')],
    ['ka.target.pod.name', podName(root)],
    ['ka.req.binding.subjects', text('requestObject', 'subjects')],
    ['ka.req.binding.role', text('requestObject', 'roleRef', 'name')],
    ['ka.req.configmap.name', text('objectRef', 'name')],
    ['ka.req.configmap.obj', text('requestObject', 'data')],
    ['ka.req.pod.containers.image', images],
    ['ka.req.container.image', of(images, '0', (values) => values[0])],
    ['ka.req.pod.containers.image.repository', repositories],
    ['ka.req.container.image.repository', of(repositories, '0', (values) => values[0])],
    ['ka.req.pod.host_ipc', { ...text(...spec, 'hostIPC'), list: true }],
    ['ka.req.pod.host_network', { ...text(...spec, 'hostNetwork'), list: true }],
    ['ka.req.container.host_network', text(...spec, 'hostNetwork')],
    ['ka.req.pod.host_pid', { ...text(...spec, 'hostPID'), list: true }],
    ['ka.req.pod.containers.host_port', list([...spec, 'containers'], hostPorts)],
    ['ka.req.pod.containers.privileged', privileged],
    ['ka.req.pod.initContainers.privileged', container('initContainers')('securityContext', 'privileged')],
    ['ka.req.pod.ephemeralContainers.privileged', container('ephemeralContainers')('securityContext', 'privileged')],
    ['ka.req.container.privileged', anyPrivileged(root)],
    ['ka.req.pod.containers.allow_privilege_escalation', containers('securityContext', 'allowPrivilegeEscalation')],
    ['ka.req.pod.containers.read_only_fs', containers('securityContext', 'readOnlyRootFilesystem')],
    ['ka.req.pod.run_as_user', text(...spec, 'securityContext', 'runAsUser')],
    ['ka.req.pod.containers.run_as_user', containers('securityContext', 'runAsUser')],
    ['ka.req.pod.containers.eff_run_as_user', effective('runAsUser')],
    ['ka.req.pod.run_as_group', text(...spec, 'securityContext', 'runAsGroup')],
    ['ka.req.pod.containers.run_as_group', containers('securityContext', 'runAsGroup')],
    ['ka.req.pod.containers.eff_run_as_group', effective('runAsGroup')],
    ['ka.req.pod.containers.proc_mount', containers('securityContext', 'procMount')],
    [
      'ka.req.pod.containers.add_capabilities',
      list([...spec, 'containers'], (one) => listAt(one, ['securityContext', 'capabilities', 'add'])),
    ],
    ['ka.req.pod.fs_group', text(...spec, 'securityContext', 'fsGroup')],
    ['ka.req.pod.supplemental_groups', list([...spec, 'securityContext', 'supplementalGroups'], (one) => [one])],
    ['ka.req.role.rules', text('requestObject', 'rules')],
    ['ka.req.role.rules.apiGroups', rules('apiGroups')],
    ['ka.req.role.rules.nonResourceURLs', rules('nonResourceURLs')],
    ['ka.req.role.rules.verbs', rules('verbs')],
    ['ka.req.role.rules.resources', rules('resources')],
    ['ka.req.service.type', text(...spec, 'type')],
    ['ka.req.service.ports', list([...spec, 'ports'], (one) => [one])],
    ['ka.req.pod.volumes.hostpath', hostPaths],
    ['ka.req.volume.hostpath', hostPathGiven(hostPaths)],
    ['ka.req.pod.volumes.flexvolume_driver', volumes('flexVolume', 'driver')],
    [
      'ka.req.pod.volumes.volume_type',
      list([...spec, 'volumes'], (one) => (isJsonObject(one) ? Object.keys(one).filter((key) => key !== 'name') : [])),
    ],
    ['ka.resp.name', text('responseObject', 'metadata', 'name')],
    ['ka.response.code', text('responseStatus', 'code')],
    ['ka.response.reason', text('responseStatus', 'reason')],
    ['ka.useragent', text('userAgent')],
    ['ka.sourceips', list(['sourceIPs'], (one) => [one])],
    ['jevt.value', jsonPointer(root)],
    ['json.value', jsonPointer(root)],
    ['jevt.obj', text()],
    ['json.obj', text()],
    ['jevt.rawtime', time],
    ['json.rawtime', time],
    ['evt.rawtime', time],
  ])
}

/** `authorization.k8s.io/decision` is one key, or three where our parser has nested its dots. */
function annotation(root: readonly string[], name: string, domain = 'authorization.k8s.io'): Field {
  const keys = [[`${domain}/${name}`], `${domain}/${name}`.split('.')]
  return { places: () => keys.map((path) => ({ keys: [...root, 'annotations', ...path] })) }
}

/** `registry:5000/name:tag@digest` without tag and digest. */
function repositoryOf(image: JsonValue | undefined): string | undefined {
  if (typeof image !== 'string') return undefined
  const [named = ''] = image.split('@')
  const slash = named.lastIndexOf('/')
  const colon = named.indexOf(':', slash + 1)
  return colon < 0 ? named : named.slice(0, colon)
}

function hostPorts(container: JsonValue): Values {
  return listAt(container, ['ports']).map((port) =>
    port === undefined ? undefined : (at(port, ['hostPort']) ?? at(port, ['containerPort'])),
  )
}

function listAt(from: JsonValue, keys: readonly string[]): Values {
  const value = at(from, keys)
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

function converted(place: Place, convert: (values: readonly string[]) => JsonValue | undefined): Place {
  return {
    keys: place.keys,
    convert: (value: JsonValue, doc: JsonObject) => {
      const found = place.convert?.(value, doc)
      return Array.isArray(found) ? convert(found as readonly string[]) : undefined
    },
  }
}

/** "true" where one container is privileged, "false" where none is. */
function anyPrivileged(root: readonly string[]): Field {
  const place: Place = {
    keys: [...root, 'requestObject', 'spec', 'containers'],
    convert: (value) =>
      Array.isArray(value)
        ? String((value as readonly JsonValue[]).some((one) => at(one, ['securityContext', 'privileged']) === true))
        : undefined,
  }
  return { places: () => [place] }
}

/** Whether a volume is of this path of the host; a `*` at its end stands for anything. */
function hostPathGiven(paths: Field): Field {
  return {
    places(argument) {
      if (argument === undefined) return undefined
      const holds = (path: string) => (argument.endsWith('*') ? path.startsWith(argument.slice(0, -1)) : path === argument)
      return paths.places(undefined)?.map((place) => converted(place, (values) => String(values.some(holds))))
    },
  }
}

function uriParameter(root: readonly string[]): Field {
  return {
    places(argument) {
      if (argument === undefined) return undefined
      const convert = (uri: JsonValue): JsonValue | undefined => {
        if (typeof uri !== 'string' || !uri.includes('?')) return undefined
        return new URLSearchParams(uri.slice(uri.indexOf('?') + 1)).get(argument) ?? undefined
      }
      return [{ keys: [...root, 'requestURI'], convert }]
    },
  }
}

/** The pod that the request is about, by its own name or by that which the answer gave it. */
function podName(root: readonly string[]): Field {
  const convert = (event: JsonValue): JsonValue | undefined =>
    at(event, ['objectRef', 'resource']) === 'pods'
      ? (at(event, ['objectRef', 'name']) ?? at(event, ['responseObject', 'metadata', 'name']))
      : undefined
  return { places: () => [{ keys: [...root], convert }] }
}

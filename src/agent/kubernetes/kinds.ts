/** A kind of objects that is listed and watched. */
export interface Kind {
  /** As the API server calls it in paths: `pods`. */
  readonly resource: string
  /** As ECS calls it in `orchestrator.resource.type`: one of them. */
  readonly type: string
  /** `v1`, or `GROUP/VERSION`. */
  readonly version: string
}

const core = (resource: string, type: string): Kind => ({ resource, type, version: 'v1' })
const of = (version: string, resource: string, type: string): Kind => ({ resource, type, version })
const RBAC = 'rbac.authorization.k8s.io/v1'

/** Neither secrets nor config maps: the right to list them is the right to read them. Their names come from the pods that use them. */
export const KINDS: readonly Kind[] = [
  core('namespaces', 'namespace'),
  core('nodes', 'node'),
  core('pods', 'pod'),
  core('services', 'service'),
  core('serviceaccounts', 'serviceaccount'),
  of('apps/v1', 'deployments', 'deployment'),
  of('apps/v1', 'daemonsets', 'daemonset'),
  of('apps/v1', 'statefulsets', 'statefulset'),
  of('batch/v1', 'jobs', 'job'),
  of('batch/v1', 'cronjobs', 'cronjob'),
  of('networking.k8s.io/v1', 'ingresses', 'ingress'),
  of('networking.k8s.io/v1', 'networkpolicies', 'networkpolicy'),
  of(RBAC, 'roles', 'role'),
  of(RBAC, 'rolebindings', 'rolebinding'),
  of(RBAC, 'clusterroles', 'clusterrole'),
  of(RBAC, 'clusterrolebindings', 'clusterrolebinding'),
]

export const pathOf = ({ version, resource }: Kind): string =>
  version.includes('/') ? `/apis/${version}/${resource}` : `/api/${version}/${resource}`

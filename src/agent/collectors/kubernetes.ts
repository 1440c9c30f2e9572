import type { Collector } from '../collector.ts'
import { inClusterAccess, kubeconfigAccess } from '../kubernetes/access.ts'
import { openClusterApi } from '../kubernetes/api.ts'
import { followKind } from '../kubernetes/follow.ts'
import { KINDS } from '../kubernetes/kinds.ts'

export interface KubernetesOptions {
  /** A kubeconfig of the host's; without it, the pod's own service account. */
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  /** What events call the cluster; without it, what the kubeconfig does. */
  readonly cluster?: string | undefined
}

/** What a cluster is made of and who may do what in it, as it changes. One agent of a cluster is enough. */
export const kubernetesCollector = ({ kubeconfig, context: name, cluster }: KubernetesOptions): Collector => ({
  id: 'kubernetes',
  async run(context) {
    const access = kubeconfig === undefined ? inClusterAccess() : await kubeconfigAccess(kubeconfig, name)
    const api = openClusterApi({ ...access, name: cluster ?? access.name })
    const ending = new AbortController()
    const signal = AbortSignal.any([context.signal, ending.signal])
    try {
      await Promise.all(KINDS.map((kind) => followKind({ kind, api, context: { ...context, signal } })))
    } finally {
      ending.abort()
      api.close()
    }
  },
})

import type { JsonObject } from '../../kernel/json.ts'
import type { Described } from './pods.ts'
import { objectAt, objectsAt, present, textAt, textsAt, unique } from './read.ts'

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch', '*'])
const MAKES: ReadonlySet<string> = new Set(['create', '*'])
const MOST_RULES = 100

/** A role of RBAC: what it allows, and what of that is as good as more (kubernetes.io, "RBAC good practices"). */
export function describeRole(object: JsonObject): Described {
  const rules = objectsAt(object, 'rules').map((rule) => ({
    verbs: textsAt(rule, 'verbs'),
    resources: textsAt(rule, 'resources'),
    groups: textsAt(rule, 'apiGroups'),
    urls: textsAt(rule, 'nonResourceURLs'),
    names: textsAt(rule, 'resourceNames'),
  }))
  const allows = (verbs: ReadonlySet<string>, ...resources: readonly string[]): boolean =>
    rules.some(
      (rule) =>
        rule.verbs.some((verb) => verbs.has(verb)) && rule.resources.some((one) => one === '*' || resources.includes(one)),
    )
  const grants = (...verbs: readonly string[]): boolean => rules.some((rule) => rule.verbs.some((verb) => verbs.includes(verb)))
  const risks = [
    ...(grants('*') ? ['wildcard-verbs'] : []),
    ...(rules.some(({ resources }) => resources.includes('*')) ? ['wildcard-resources'] : []),
    ...(allows(READS, 'secrets') ? ['reads-secrets'] : []),
    ...(grants('escalate', 'bind', 'impersonate') ? ['escalates'] : []),
    ...(allows(new Set(['create', 'get', '*']), 'pods/exec', 'pods/attach') ? ['enters-pods'] : []),
    ...(allows(MAKES, 'pods', 'deployments', 'daemonsets', 'statefulsets', 'jobs', 'cronjobs') ? ['starts-pods'] : []),
    ...(allows(MAKES, 'serviceaccounts/token') ? ['makes-tokens'] : []),
    ...(allows(READS, 'nodes/proxy') ? ['reaches-kubelets'] : []),
  ]
  return {
    risks,
    fields: present({
      verbs: [...unique(rules.flatMap(({ verbs }) => verbs))],
      resources: [...unique(rules.flatMap(({ resources }) => resources))],
      rules: rules
        .slice(0, MOST_RULES)
        .map(({ verbs, resources, groups, urls, names }) =>
          [
            verbs.join(','),
            [...resources, ...urls].join(','),
            ...(groups.some((group) => group !== '') ? [`(${groups.join(',')})`] : []),
            ...(names.length === 0 ? [] : [`[${names.join(',')}]`]),
          ].join(' '),
        ),
    }),
  }
}

/** A binding: which role, and who holds it. */
export function describeBinding(object: JsonObject): Described {
  const role = objectAt(object, 'roleRef')
  const subjects = objectsAt(object, 'subjects').map((one) => {
    const [kind, name, namespace] = [textAt(one, 'kind'), textAt(one, 'name'), textAt(one, 'namespace')]
    return `${kind ?? ''}:${namespace === undefined ? '' : `${namespace}/`}${name ?? ''}`
  })
  const name = textAt(role, 'name')
  const risks = [
    ...(name === 'cluster-admin' ? ['cluster-admin'] : []),
    ...(subjects.some((one) => /^(?:User:system:anonymous|Group:system:unauthenticated)$/.test(one)) ? ['anybody'] : []),
    ...(subjects.some((one) => /^Group:system:(?:authenticated|serviceaccounts)$/.test(one)) ? ['everybody'] : []),
    ...(subjects.some((one) => /^ServiceAccount:.*\/default$/.test(one)) ? ['default-account'] : []),
  ]
  return {
    risks,
    fields: present({ role: name, role_kind: textAt(role, 'kind'), subjects: [...unique(subjects)] }),
  }
}

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { makeTestTls } from '../../collect/testing/test-tls.ts'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import type { CollectorContext } from '../collector.ts'
import { kubernetesCollector } from '../collectors/kubernetes.ts'
import { readSettings } from '../settings.ts'
import { inClusterAccess, kubeconfigAccess } from './access.ts'
import { openClusterApi } from './api.ts'
import { followKind } from './follow.ts'
import { KINDS } from './kinds.ts'
import { type ApiServer, startApiServer } from './testing/api-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-kubernetes-'))
const config = join(folder, 'config')
const tokenFile = join(folder, 'token')
const tls = makeTestTls(folder)
let server: ApiServer

const podOf = (name: string, spec: JsonObject = {}): JsonObject => ({
  metadata: { name, namespace: 'shop', labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'registry.test/web:1', ...spec }] },
})

beforeAll(async () => {
  server = await startApiServer({ cert: readFileSync(tls.server.cert, 'utf8'), key: readFileSync(tls.server.key, 'utf8') })
  server.tokens.set('agent', new Set()).set('lesser', new Set(['pods', 'clusterrolebindings']))
  writeFileSync(tokenFile, 'agent\n')
  writeFileSync(
    config,
    `apiVersion: v1
kind: Config
current-context: here
contexts: [{ name: here, context: { cluster: shop-prod, user: agent } }, { name: stranger, context: { cluster: strange, user: agent } }]
clusters:
  - { name: shop-prod, cluster: { server: "https://127.0.0.1:${server.port}", certificate-authority: server.pem } }
  - { name: strange, cluster: { server: "https://127.0.0.1:${server.port}", certificate-authority: stranger.pem } }
users: [{ name: agent, user: { tokenFile: ${tokenFile} } }]
`,
  )
}, 20_000)
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

/** An agent's surroundings, and what came out. */
function surroundings(name: string) {
  const events: JsonObject[] = []
  const counters = new Map<string, number>()
  const ending = new AbortController()
  let told = (): void => {}
  const kept = join(folder, name)
  mkdirSync(kept, { recursive: true })
  const context: CollectorContext = {
    emit: (event) => {
      events.push(event)
      told()
      return true
    },
    room: () => Promise.resolve(),
    count: (what, by = 1) => {
      counters.set(what, (counters.get(what) ?? 0) + by)
      told()
    },
    signal: ending.signal,
    folder: kept,
    warn: () => {},
  }
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => (told = resolve))
  }
  const of = (action: string, object: string): JsonObject[] =>
    events.filter(
      (one) =>
        getPath(one, 'event.action') === `kubernetes-object-${action}` && getPath(one, 'orchestrator.resource.name') === object,
    )
  return { events, counters, context, until, of, stop: () => ending.abort() }
}

const rightsIn = (role: JsonObject) => ({
  verbs: [...new Set((role['rules'] as readonly JsonObject[]).flatMap(({ verbs }) => verbs as readonly string[]))],
  rules: role['rules'],
})

const POD_KIND = KINDS.find(({ resource }) => resource === 'pods')!

describe('objects of a cluster', () => {
  it('are what kubectl makes, changes and takes away, by the server that kubectl believes to be one', async () => {
    const lacking = spawnSync('kubectl', ['version', '--client']).status !== 0
    if (lacking && process.env['CI'] !== 'true') return console.warn('no kubectl here: left out')
    const kubectl = async (args: readonly string[], input = ''): Promise<string> => {
      const child = spawn('kubectl', ['--kubeconfig', config, '--cache-dir', join(folder, 'cache'), ...args])
      const said = Promise.all([text(child.stdout), text(child.stderr)])
      child.stdin.end(input)
      const [code] = (await once(child, 'close')) as [number]
      const [out, error] = await said
      expect(code, error).toBe(0)
      return out
    }
    const shipped = await kubectl(['label', '--local', '-f', 'deploy/kanpeki-agent-kubernetes.yaml', 'read=yes', '-o', 'name'])
    expect(shipped).toContain('deployment.apps/kanpeki-cluster\ndaemonset.apps/kanpeki-node')
    for (let i = 0; i < 7; i++) server.put('pods', podOf(`old-${i}`))
    const pods = JSON.parse(await kubectl(['get', 'pods', '-n', 'shop', '-o', 'json', '--chunk-size=3'])) as { items: unknown[] }
    expect(pods.items).toHaveLength(7)
    const watching = spawn('kubectl', ['--kubeconfig', config, 'get', 'pods', '-n', 'shop', '--watch-only', '-o', 'name'])
    const lines = createInterface({ input: watching.stdout })
    const first = once(lines, 'line')
    while (server.watching('pods') === 0) await new Promise((resolve) => setImmediate(resolve))

    const { events, context, until, of, stop, counters } = surroundings('first')
    const running = kubernetesCollector({ kubeconfig: config }).run(context)
    await until(() =>
      KINDS.every(({ resource }) => server.watching(resource) > 0 || counters.get('kubernetes.lists') === KINDS.length),
    )
    while (!KINDS.every(({ resource }) => server.watching(resource) > (resource === 'pods' ? 1 : 0)))
      await new Promise((resolve) => setImmediate(resolve))
    expect(of('seen', 'old-3')).toHaveLength(1)

    const spec = {
      hostNetwork: true,
      volumes: [
        { name: 'node', hostPath: { path: '/' } },
        { name: 'key', secret: { secretName: 'tls-key' } },
      ],
      containers: [
        {
          name: 'a',
          image: 'alpine',
          securityContext: { privileged: true },
          env: [{ name: 'PASSWORD', value: 'hunter2' }],
        },
      ],
    }
    await kubectl(
      ['create', '--validate=false', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'escape', namespace: 'shop' }, spec }),
    )
    const [seenByKubectl] = (await first) as [string]
    expect(seenByKubectl).toBe('pod/escape')
    await kubectl([
      'create',
      'clusterrolebinding',
      'oops',
      '--clusterrole=cluster-admin',
      '--serviceaccount=shop:default',
      '--validate=false',
    ])
    await kubectl(['create', 'clusterrole', 'all', '--verb=*', '--resource=*', '--validate=false'])
    await kubectl(['patch', 'pod', 'old-2', '-n', 'shop', '--type=merge', '-p', '{"metadata":{"labels":{"app":"moved"}}}'])
    await kubectl(['delete', 'pod', 'old-1', '-n', 'shop', '--wait=false'])
    await until(() => of('removed', 'old-1').length > 0 && of('changed', 'old-2').length > 0 && of('created', 'all').length > 0)
    watching.kill()

    expect(of('created', 'escape')[0]).toMatchObject({
      event: { kind: 'event', category: ['configuration'], type: ['creation'], dataset: 'kubernetes.object' },
      orchestrator: {
        type: 'kubernetes',
        api_version: 'v1',
        namespace: 'shop',
        cluster: { name: 'shop-prod', url: `https://127.0.0.1:${server.port}` },
        resource: { type: 'pod', name: 'escape' },
      },
      kanpeki_agent: {
        kubernetes: {
          risks: ['privileged', 'host-network', 'host-path', 'host-path-root', 'host-path-grave'],
          images: ['alpine'],
          host_paths: ['/'],
          secrets: ['tls-key'],
          privileged: true,
        },
      },
    })
    expect(of('created', 'oops')[0]).toMatchObject({
      kanpeki_agent: {
        kubernetes: {
          role: 'cluster-admin',
          subjects: ['ServiceAccount:shop/default'],
          risks: ['cluster-admin', 'default-account'],
        },
      },
    })
    expect(getPath(of('created', 'all')[0]!, 'kanpeki_agent.kubernetes.risks')).toEqual(
      expect.arrayContaining(['wildcard-verbs', 'wildcard-resources', 'reads-secrets']),
    )
    expect(of('changed', 'old-2')).toHaveLength(1)
    expect(JSON.stringify(events)).not.toContain('hunter2')
    // Nothing was asked for but lists and watches, and neither of secrets nor of config maps.
    expect(server.asked.some(({ path }) => /secrets|configmaps/.test(path))).toBe(false)
    stop()
    await running

    // While no agent runs, one comes and one goes.
    server.put('pods', podOf('came'))
    server.remove('pods', 'shop', 'old-4')
    const again = surroundings('first')
    const second = kubernetesCollector({ kubeconfig: config, cluster: 'named' }).run(again.context)
    await again.until(() => again.of('created', 'came').length > 0 && again.of('removed', 'old-4').length > 0)
    expect(getPath(again.of('created', 'came')[0]!, 'orchestrator.cluster.name')).toBe('named')
    expect(again.events).toHaveLength(2)
    again.stop()
    await second
  }, 60_000)

  it('are told once each over pages, bookmarks, a place that the server forgot, and a token that another replaced', async () => {
    server.asked.length = 0
    const { events, context, until, of, stop, counters } = surroundings('second')
    const api = openClusterApi(await kubeconfigAccess(config))
    const waits: number[] = []
    const wait = async (ms: number): Promise<void> => {
      waits.push(ms)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const running = followKind({ kind: POD_KIND, api, context, page: 2, wait, random: () => 0 })
    const live = async (): Promise<void> => {
      while (server.watching('pods') === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await live()
    const seen = events.length
    expect(seen).toBeGreaterThan(4)
    expect(server.asked.filter(({ query }) => query.has('continue')).length).toBeGreaterThan(1)
    expect(server.asked.filter(({ query }) => query.has('watch'))).toHaveLength(1)
    server.bookmark()
    server.put('pods', podOf('one'))
    await until(() => of('created', 'one').length > 0)

    // Ended and forgotten: listed again, and what happened meanwhile is told once.
    server.tokens.delete('agent')
    server.tokens.set('renewed', new Set())
    server.compact()
    server.put('pods', podOf('two'))
    server.remove('pods', 'shop', 'one')
    await until(() => (counters.get('kubernetes.unauthorized') ?? 0) > 0)
    writeFileSync(tokenFile, 'renewed\n')
    await until(() => of('created', 'two').length > 0 && of('removed', 'one').length > 0)
    await live()
    server.compact()
    server.put('pods', podOf('three'))
    await until(() => of('created', 'three').length > 0)
    expect(counters.get('kubernetes.expired')).toBeGreaterThan(0)
    // An object of the same name is another one.
    await live()
    server.remove('pods', 'shop', 'three')
    server.put('pods', podOf('three'))
    await until(() => of('created', 'three').length === 2)
    expect(of('removed', 'three')).toHaveLength(1)
    expect(events.filter((one) => getPath(one, 'orchestrator.resource.name') === 'two')).toHaveLength(1)
    stop()
    await running
    api.close()
  }, 20_000)

  it('that it may not see are a blind spot that is told, and told again when it is over', async () => {
    writeFileSync(tokenFile, 'lesser')
    const { events, context, until, stop, counters } = surroundings('third')
    const api = openClusterApi(await kubeconfigAccess(config))
    let forbidden = 0
    const wait = async (): Promise<void> => {
      forbidden += 1
      if (forbidden === 2) server.tokens.set('lesser', new Set())
      await new Promise((resolve) => setImmediate(resolve))
    }
    const running = followKind({ kind: POD_KIND, api, context, wait })
    await until(() => events.some((one) => getPath(one, 'event.action') === 'kubernetes-kind-seen-again'))
    expect(counters.get('kubernetes.forbidden')).toBe(2)
    expect(counters.get('kubernetes.forbidden_pods')).toBe(2)
    const [unseen] = events.filter((one) => getPath(one, 'event.action') === 'kubernetes-kind-unseen')
    expect(unseen).toMatchObject({
      event: { outcome: 'failure', reason: expect.stringContaining('pods is forbidden') },
      orchestrator: { resource: { type: 'pod' } },
    })
    stop()
    await running
    api.close()
  }, 20_000)

  it('need no more rights than the role that we ship gives', async () => {
    const documents = parseAllDocuments(readFileSync('deploy/kanpeki-agent-kubernetes.yaml', 'utf8')).map(
      (one) => one.toJS() as JsonObject,
    )
    const role = documents.find(({ kind }) => kind === 'ClusterRole')!
    const { verbs, rules } = rightsIn(role)
    expect(verbs).toEqual(['list', 'watch'])
    const given = (rules as readonly JsonObject[]).flatMap(({ apiGroups, resources }) =>
      (resources as readonly string[]).map((resource) => `${(apiGroups as readonly string[])[0]} ${resource}`),
    )
    const asked = KINDS.map(({ version, resource }) => `${version.includes('/') ? version.split('/')[0] : ''} ${resource}`)
    expect(given.toSorted()).toEqual(asked.toSorted())
    for (const { data } of documents.filter(({ kind }) => kind === 'ConfigMap'))
      for (const [name, text] of Object.entries(data as JsonObject)) {
        writeFileSync(join(folder, 'agent.json'), text as string)
        expect((await readSettings(folder)).respond.kinds, name).toEqual([])
      }
  })

  it('are asked of nobody but the server that the authority vouches for, and by no program', async () => {
    const strange = openClusterApi(await kubeconfigAccess(config, 'stranger'))
    await expect(strange.get('/api/v1/pods', AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'kubernetes_unreachable',
    })
    strange.close()
    const written = readFileSync(config, 'utf8')
    for (const [broken, says] of [
      [written.replace('https://', 'http://'), 'is not https'],
      [written.replace('certificate-authority: server.pem', 'insecure-skip-tls-verify: true'), 'not checked'],
      [written.replace(/user: \{ tokenFile.*/, 'user: { exec: { command: touch } } }]'), 'program'],
      [written.replace('current-context: here', 'current-context: nowhere'), 'no complete context'],
      ['a: [', 'no YAML'],
    ] as const) {
      writeFileSync(join(folder, 'broken'), broken)
      await expect(kubeconfigAccess(join(folder, 'broken'))).rejects.toThrow(says)
    }
    expect(() => inClusterAccess(folder, {})).toThrow('runs in no pod')
    writeFileSync(join(folder, 'ca.crt'), readFileSync(tls.server.cert))
    const access = inClusterAccess(folder, { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(server.port) })
    const inside = openClusterApi(access)
    expect((await inside.get('/api/v1/pods?limit=1', AbortSignal.timeout(5_000))).status).toBe(200)
    inside.close()
  })
})

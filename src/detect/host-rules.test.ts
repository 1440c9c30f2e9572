import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { StoredEvent } from '../kernel/event.ts'
import { getPath, type JsonObject } from '../kernel/json.ts'
import { foldDetections, keyed } from './alerts-group.ts'
import { loadRuleTexts } from './engines/sigma/load/load.ts'
import { loadRuleFiles } from './engines/sigma/load/read-files.ts'
import { type HostEngine, type HostRules, openHostEngine } from './host-rules.ts'
import { type RuleSet, ruleSetOf } from './rule-set.ts'

const PACK = fileURLToPath(new URL('../../content/detections', import.meta.url))
const FALCO = `
- rule: Shell by nginx
  desc: x
  condition: spawned_process and proc.name in (sh, bash) and proc.pname = nginx
  output: "shell (%proc.cmdline)"
  priority: WARNING
- macro: spawned_process
  condition: evt.type = execve
`

const stored = (doc: JsonObject, id = 'e1'): StoredEvent =>
  ({
    id,
    doc,
    observed: 1_000,
    received: 2_000,
    scope: 'default',
    source: 'agent',
    parser: 'ecs',
    sequence: 1,
  }) as unknown as StoredEvent
const onLinux = (doc: JsonObject): JsonObject => ({
  ...doc,
  host: { ...(doc['host'] as JsonObject | undefined), os: { type: 'linux' } },
})

describe('rules for hosts', () => {
  let set: RuleSet
  let engine: HostEngine
  let given: HostRules
  let docs: JsonObject[]
  beforeAll(() => {
    const pack = loadRuleFiles([PACK])
    set = ruleSetOf({ ...pack, lists: loadRuleTexts([{ file: 'falco.yaml', text: FALCO }]).lists })
    // As it comes over the wire.
    given = JSON.parse(JSON.stringify(set.forHosts())) as HostRules
    engine = openHostEngine(given)
    docs = pack.rules
      .filter(({ logsource }) => logsource.product === 'linux')
      .flatMap(({ tests }) => tests.flatMap(({ events }) => events))
      .filter((doc) => getPath(doc, 'event.category') !== undefined && getPath(doc, 'log.syslog') === undefined)
      .map(onLinux)
    docs.push(
      onLinux({
        event: { category: ['process'], type: ['start'], action: 'process-started' },
        process: {
          name: 'sh',
          executable: '/bin/sh',
          command_line: 'sh',
          parent: { name: 'nginx', executable: '/usr/sbin/nginx' },
        },
      }),
    )
  })

  it('find on the host what the server finds by them', () => {
    const ids = new Set([...given.sigma, ...given.falco].map(({ info }) => info.id))
    let matched = 0
    for (const doc of docs) {
      const here = engine.match(doc).map(({ info }) => `${info.id} ${info.version}`)
      const there = set
        .match([{ id: 'e', doc }])[0]!
        .filter(({ info }) => ids.has(info.id))
        .map(({ info }) => `${info.id} ${info.version}`)
      expect(here, JSON.stringify(doc)).toEqual(there)
      matched += here.length
    }
    console.log(`${docs.length} events, ${matched} matches of ${ids.size} rules on both sides`)
    expect(docs.length).toBeGreaterThan(80)
    expect(matched).toBeGreaterThan(40)
    expect(given.falco).toHaveLength(1)
    expect(engine.match(docs.at(-1)!).map(({ info }) => info.title)).toContain('Shell by nginx')
  })

  it('become one alert with what the server finds, whichever says it', () => {
    const doc = docs.find((one) => engine.match(one).length === 1)!
    const [match] = engine.match(doc)
    const told = { ...doc, kanpeki_agent: { detections: [{ rule: { id: match!.info.id, version: match!.info.version } }] } }
    const event = stored(told)
    const own = set.run([event], true)
    const found = set.foundOnHost(event)
    expect(found).toHaveLength(1)
    const folded = foldDetections(keyed([...own, ...found]), new Set(), [])
    expect(folded.fresh.map(({ detections }) => detections.length)).toEqual([1])
    // Where the server does not find it (what the rule asks for was masked on the way), the agent's word is enough.
    const alone = foldDetections(keyed(found), new Set(), [])
    expect(alone.fresh.map(({ id }) => id)).toEqual(folded.fresh.map(({ id }) => id))
  })

  it('say nothing where the server has another version of the rule, or none', () => {
    const [{ info }] = given.sigma as [HostRules['sigma'][number]]
    for (const detections of [
      [{ rule: { id: info.id, version: 'older' } }],
      [{ rule: { id: 'nobody', version: info.version } }],
      [{ rule: 7 }, null, 'x'],
      { rule: info },
      'x',
    ])
      expect(set.foundOnHost(stored({ kanpeki_agent: { detections } } as JsonObject))).toEqual([])
  })
})

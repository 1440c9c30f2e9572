import { createHash } from 'node:crypto'
import { bodyIdentity, type IngestBody } from '../collect/sources/http/body.ts'
import type { Scenario } from '../detect/scenarios/load.ts'
import { renderPart } from '../detect/scenarios/render.ts'
import { SELFTEST_SCOPE, SELFTEST_SOURCE } from '../kernel/event.ts'

export interface ScenarioBodies {
  /** The attack's first, then each near miss's. */
  readonly bodies: readonly IngestBody[]
  /** With what the ids of their events begin. */
  readonly prefixes: readonly string[]
  readonly records: number
}

/**
 * A scenario as requests to the ingest path, in the bytes of its sources.
 * @param run by which this execution is told apart from all others.
 * @param now milliseconds UTC: when the last record happens.
 * @param zoneMinutes east of UTC, for forms without a zone.
 */
export function scenarioBodies(scenario: Scenario, run: string, now: number, zoneMinutes: number): ScenarioBodies {
  const parts = [scenario.attack, ...scenario.nearMisses.map(({ send }) => send)]
  const rendered = parts.map((steps, part) => renderPart(steps, { run, scenario: scenario.id, part }, now, zoneMinutes))
  const bodies = rendered.map((records, part): IngestBody => {
    const body = Buffer.from(`${records.join('\n')}\n`)
    return {
      source: SELFTEST_SOURCE,
      scope: SELFTEST_SCOPE,
      tokenId: `${run}/${scenario.id}/${part}`,
      format: 'lines',
      index: undefined,
      body,
      digest: createHash('sha256').update(body).digest('hex'),
      // By which the writer marks the events.
      origin: scenario.id,
      received: now,
    }
  })
  return {
    bodies,
    prefixes: bodies.map((body) => bodyIdentity(body)),
    records: rendered.reduce((sum, records) => sum + records.length, 0),
  }
}

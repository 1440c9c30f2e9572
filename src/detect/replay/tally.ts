import type { Detection, RuleInfo } from '../../kernel/detection.ts'
import { canonicalJson } from '../../kernel/json.ts'
import { entityOf, joins } from '../alerts-group.ts'
import type { Entity } from '../schema.ts'

/** What would be one alert: the same rule, the same group key, no further apart than alerts are grouped. Times are milliseconds UTC. */
export interface TalliedAlert {
  readonly rule: RuleInfo
  readonly entity: Entity
  /** Scope, rule and group key; the rule's version is not part of it, so that two versions can be compared. */
  readonly key: string
  readonly firstEvent: string
  first: number
  last: number
  detections: number
}

/** Groups detections into what would be alerts, and keeps no detection: memory grows with alerts, not with events. */
export class Tally {
  readonly #byKey = new Map<string, TalliedAlert[]>()
  #detections = 0

  get detections(): number {
    return this.#detections
  }

  add(detections: readonly Detection[]): void {
    for (const { rule, scope, group, observed, eventIds } of detections) {
      this.#detections += 1
      const key = JSON.stringify([scope, rule.id, canonicalJson(group)])
      const alerts = this.#byKey.get(key) ?? []
      if (alerts.length === 0) this.#byKey.set(key, alerts)
      const found = alerts.findLast((alert) => joins(alert, observed))
      if (found === undefined) {
        const entity = entityOf(group, rule)
        alerts.push({ rule, entity, key, firstEvent: eventIds[0] ?? '', first: observed, last: observed, detections: 1 })
      } else {
        found.first = Math.min(found.first, observed)
        found.last = Math.max(found.last, observed)
        found.detections += 1
      }
    }
  }

  /** In the order of their first event. */
  alerts(): readonly TalliedAlert[] {
    return [...this.#byKey.values()].flat().sort((a, b) => a.first - b.first || (a.key < b.key ? -1 : 1))
  }
}

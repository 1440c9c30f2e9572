import { type HostEngine, type HostRules, openHostEngine } from '../../detect/host-rules.ts'
import type { RuleMatch } from '../../detect/rule-program.ts'
import { messageOf } from '../../kernel/error.ts'
import type { JsonObject } from '../../kernel/json.ts'

export interface Inspector {
  /** Takes the server's rules, or none. */
  readonly load: (rules: JsonObject | undefined) => void
  /** Rules in force. */
  readonly rules: () => number
  /** What the rules find in an event; undefined for nothing. It goes along in the event. */
  readonly inspect: (event: JsonObject, id: string) => JsonObject[] | undefined
}

export interface InspectorOptions {
  readonly count: (name: string, by?: number) => void
  readonly warn: (message: string) => void
  /** Called after the event was written down. */
  readonly found: (event: JsonObject, id: string, matches: readonly RuleMatch[]) => void
}

/**
 * The server's rules over the agent's own events, before they are sent. What is found stands in the event, so that event and
 * detection cannot be parted: the server evaluates the same rules over it, and both are one detection there.
 */
export function createInspector({ count, warn, found }: InspectorOptions): Inspector {
  let engine: HostEngine | undefined
  return {
    load(rules) {
      engine = undefined
      if (rules === undefined) return
      try {
        engine = openHostEngine(rules as unknown as HostRules)
      } catch (error) {
        count('detect.failed')
        warn(`the rules cannot be used, and the server alone looks: ${messageOf(error)}`)
      }
    },
    rules: () => engine?.rules ?? 0,
    inspect(event, id) {
      if (engine === undefined) return undefined
      let matches: readonly RuleMatch[]
      try {
        matches = engine.match(event)
      } catch (error) {
        // The server looks at it too: the event must go on its way.
        count('detect.failed')
        warn(`an event could not be looked at: ${messageOf(error)}`)
        return undefined
      }
      for (const { rule } of engine.takeQuarantined()) {
        count('detect.quarantined')
        warn(`rule ${rule.id} took too long, and is left to the server`)
      }
      if (matches.length === 0) return undefined
      count('detect.found', matches.length)
      setImmediate(found, event, id, matches)
      const at = new Date().toISOString()
      return matches.map(({ info: { id: rule, version, title, level } }) => ({ rule: { id: rule, version, title, level }, at }))
    },
  }
}

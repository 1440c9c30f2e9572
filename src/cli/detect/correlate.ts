import { type CompiledCorrelations, compileCorrelations } from '../../detect/engines/correlation/compile.ts'
import type { BaseRule } from '../../detect/engines/correlation/link.ts'
import type { CorrelationDocument } from '../../detect/engines/sigma/rule.ts'
import type { RuleProgram } from '../../detect/rule-program.ts'
import type { Detection } from '../../kernel/detection.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Hit, RecordPlace } from './hit.ts'
import type { BaseEvent } from './run-file.ts'

interface PlacedEvent {
  readonly id: string
  readonly scope: string
  readonly observed: number
  readonly received: number
  readonly doc: JsonObject
}

/** Correlations over files: matches are collected and replayed by their observed time, whatever order the files stand in. */
export class FileCorrelation {
  readonly #compiled: CompiledCorrelations<PlacedEvent>
  readonly #events: (BaseEvent & { readonly file: string })[] = []
  #read: (doc: JsonObject, field: string, ruleId: string) => ReturnType<RuleProgram['read']> = () => undefined

  constructor(documents: readonly CorrelationDocument[], baseRules: readonly BaseRule[]) {
    this.#compiled = compileCorrelations<PlacedEvent>({
      documents,
      baseRules,
      read: (event, field, ruleId) => this.#read(event.doc, field, ruleId),
    })
  }

  get compiled(): CompiledCorrelations<PlacedEvent> {
    return this.#compiled
  }

  add(file: string, events: readonly BaseEvent[]): void {
    for (const event of events) this.#events.push({ ...event, file })
  }

  /** Events without a time stand where the one before them does. */
  run(program: RuleProgram): Hit[] {
    this.#read = (doc, field, ruleId) => program.read(doc, field, ruleId)
    let last = 0
    const placed = this.#events.map((event) => {
      last = event.observed ?? last
      return { event, time: last }
    })
    placed.sort((a, b) => a.time - b.time)
    const places = new Map<string, RecordPlace>()
    const hits: Hit[] = []
    for (const { event, time } of placed) {
      const id = `${event.file}\n${event.record}`
      // A file that is named twice holds the same events.
      if (places.has(id)) continue
      places.set(id, { file: event.file, record: event.record })
      const detections = this.#compiled.program.feed(
        { id, scope: 'default', observed: time, received: time, doc: event.doc },
        event.matched,
      )
      hits.push(...detections.map((detection) => hitOf(detection, places)))
    }
    return hits
  }
}

function hitOf(detection: Detection, places: ReadonlyMap<string, RecordPlace>): Hit {
  const records = detection.eventIds.flatMap((id) => places.get(id) ?? [])
  return {
    rule: detection.rule,
    input: records.at(-1) ?? { file: '', record: 0 },
    fields: { ...detection.group, ...detection.fields },
    records,
  }
}

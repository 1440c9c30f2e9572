import type { JsonObject } from '../../../../kernel/json.ts'
import type { Pipelines } from '../pipelines/pipelines.ts'
import { ownPipelines } from '../pipelines/read.ts'
import type { LogSource } from '../rule.ts'
import { ecsShape } from './ecs.ts'
import type { EventClass, EventShape } from './event-class.ts'
import { genericShape } from './generic.ts'
import { jsonShape } from './json-shape.ts'
import { shapeTables } from './tables.ts'
import { winlogbeat, winlogbeat6 } from './windows-beats.ts'
import { windowsFlat } from './windows-flat.ts'
import { windowsNested } from './windows-nested.ts'

/** Tells an event's class. `shapes`: what is asked, in this order, where it is nothing else. */
export interface Classify {
  (doc: JsonObject): EventClass
  readonly shapes?: readonly EventShape[]
}

/**
 * Tells an event's class by asking each shape in turn; the last takes everything. How Windows and ECS events are recognised is code, as
 * most events are one of these; what their fields and sources are called, and all other products, is in the pipelines.
 */
export function classifier(assumed?: LogSource, pipelines: Pipelines = ownPipelines()): Classify {
  const tables = shapeTables(pipelines)
  const shapes: readonly EventShape[] = [
    windowsFlat(tables),
    winlogbeat(tables),
    windowsNested(tables),
    winlogbeat6(tables),
    ecsShape(tables),
    ...pipelines.shapes.map((file) => jsonShape(file, tables)),
  ]
  const generic = genericShape(tables.ecsOf, assumed)
  const classify = (doc: JsonObject) => {
    for (const shape of shapes) {
      const found = shape.classify(doc)
      if (found !== undefined) return found
    }
    return generic.classify(doc)!
  }
  return Object.assign(classify, { shapes })
}

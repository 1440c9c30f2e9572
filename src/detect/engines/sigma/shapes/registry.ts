import type { JsonObject } from '../../../../kernel/json.ts'
import type { LogSource } from '../rule.ts'
import { cloudShapes } from './cloud.ts'
import { defender } from './defender.ts'
import { ecsShape } from './ecs.ts'
import type { EventClass, EventShape } from './event-class.ts'
import { genericShape } from './generic.ts'
import { winlogbeat, winlogbeat6 } from './windows-beats.ts'
import { windowsFlat } from './windows-flat.ts'
import { windowsNested } from './windows-nested.ts'
import { zeek } from './zeek.ts'

/** Tells an event's class by asking each shape in turn; the last takes everything. */
export function classifier(assumed?: LogSource): (doc: JsonObject) => EventClass {
  const shapes: readonly EventShape[] = [
    windowsFlat(),
    winlogbeat(),
    windowsNested(),
    winlogbeat6(),
    ecsShape(),
    defender(),
    zeek(),
    ...cloudShapes(),
  ]
  const generic = genericShape(assumed)
  return (doc) => {
    for (const shape of shapes) {
      const found = shape.classify(doc)
      if (found !== undefined) return found
    }
    return generic.classify(doc)!
  }
}

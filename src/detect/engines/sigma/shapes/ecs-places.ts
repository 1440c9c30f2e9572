import type { FieldPlace } from './event-class.ts'

/** A place under a dotted name, nested or as one flat key. */
export function ecsPlaces(name: string): readonly FieldPlace[] {
  const keys = name.split('.')
  return keys.length === 1 ? [{ keys }] : [{ keys }, { keys: [name] }]
}

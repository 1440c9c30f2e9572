import type { PositionStore } from '../../kernel/plugin.ts'

/** Positions that live as long as the test: hand the same map to a second run to restart from it. */
export function memoryPositions(map = new Map<string, string>()): PositionStore {
  return {
    async get(key) {
      return map.get(key)
    },
    async set(key, value) {
      map.set(key, value)
    },
  }
}

import { prepareTemplate } from '../../src/platform/testing/postgres.ts'

/** Runs once before all tests; what it answers runs after them. */
export function setup(): () => void {
  return prepareTemplate()
}

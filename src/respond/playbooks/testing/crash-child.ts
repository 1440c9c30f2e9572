import type { Action } from '../../../kernel/action.ts'
import { openState } from '../../../platform/state/state.ts'
import { migrations } from '../../migrations.ts'
import { createRunner } from '../run/runner.ts'
import { fileActions } from './actions.ts'

/**
 * Runs what is due in a store, until a step of a playbook reaches a point: there it says so and stays, to be killed.
 * Arguments: the store, the folder of the actions, the action, the point.
 */
const [path = '', folder = '', action = '', point = ''] = process.argv.slice(2)

async function stay(): Promise<never> {
  process.send?.('reached')
  return await new Promise(() => setInterval(() => {}, 1000))
}

const actions = fileActions(folder, async (one, at) => {
  if (one === action && at === point) await stay()
})
const state = await openState({ path }, migrations)
const held = new Map<string, Action>(
  [...actions].map(([id, one]) => [
    id,
    {
      ...one,
      plan: async (input, context) => (id === action && point === 'plan' ? await stay() : await one.plan(input, context)),
    },
  ]),
)
const runner = createRunner({
  state,
  clock: { now: () => Date.now() },
  log: { error: (...all) => console.error(...all), warn: () => {} },
  doers: () => ({ actions: held, commands: {} }),
  changed: () => {},
})
await runner.round()

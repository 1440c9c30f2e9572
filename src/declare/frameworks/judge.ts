import { rfc3339 } from '../view.ts'
import { worst } from './gather.ts'
import type { ControlState, ControlTotals, Framework, FrameworkView, GroundView } from './schema.ts'

/** A framework over what its grounds are worth: pure. */
export function judgeFramework(
  framework: Framework,
  grounds: ReadonlyMap<string, GroundView>,
  about: { readonly scope: string; readonly now: number },
): FrameworkView {
  const groups = framework.groups.map(({ id, title, controls }) => ({
    id,
    title,
    controls: controls.map(({ id, en, ja, by = [] }) => ({ id, title: { en, ja }, state: stateOf(by, grounds), grounds: by })),
  }))
  const named = new Set(groups.flatMap(({ controls }) => controls.flatMap((control) => control.grounds)))
  const { id, name, edition, publisher } = framework
  return {
    id,
    name,
    edition,
    publisher,
    totals: totalsOf(groups.flatMap(({ controls }) => controls.map(({ state }) => state))),
    at: rfc3339(about.now),
    scope: about.scope,
    groups,
    grounds: [...named].flatMap((one) => grounds.get(one) ?? []),
  }
}

function stateOf(by: readonly string[], grounds: ReadonlyMap<string, GroundView>): ControlState {
  if (by.length === 0) return 'not-covered'
  return worst(by.map((id) => grounds.get(id)?.state ?? 'not-proven'))
}

function totalsOf(states: readonly ControlState[]): ControlTotals {
  const count = (wanted: ControlState): number => states.filter((state) => state === wanted).length
  return {
    controls: states.length,
    proven: count('proven'),
    atRisk: count('at-risk'),
    notProven: count('not-proven'),
    notCovered: count('not-covered'),
  }
}

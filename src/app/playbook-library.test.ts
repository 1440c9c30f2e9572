import { expect, it } from 'vitest'
import { fold } from '../platform/text/fold.ts'
import { actions } from '../respond/actions/registry.ts'
import type { ActionDeps } from '../respond/actions-support/deps.ts'
import { EXTENSION_KEY } from '../respond/playbooks/language/form.ts'
import { resolve, Variables } from '../respond/playbooks/language/values.ts'
import { loadLibrary } from '../respond/playbooks/library.ts'
import { runTests } from '../respond/playbooks/run/try-out.ts'
import { PLAYBOOKS } from './responding-playbooks.ts'

const all = actions({} as ActionDeps)
const { playbooks, refused } = loadLibrary(PLAYBOOKS, new Set(all.keys()))

it('ships playbooks that are valid and pass their own tests', async () => {
  expect(refused).toEqual([])
  let ran = 0
  for (const { file, playbook } of playbooks) {
    const results = await runTests(playbook)
    expect(
      results.filter(({ passed }) => !passed),
      file,
    ).toEqual([])
    expect(results.length, file).toBeGreaterThan(1)
    // Its tests go through every step.
    const went = new Set(results.flatMap((one) => one.went))
    expect(
      Object.keys(playbook.workflow).filter((id) => !went.has(id)),
      file,
    ).toEqual([])
    ran += results.length
  }
  console.log(`${playbooks.length} playbooks, ${ran} tests`)
  expect(playbooks.length).toBeGreaterThanOrEqual(10)
})

it('gives each action an input that it takes, and each step both languages', () => {
  let inputs = 0
  for (const { file, playbook } of playbooks) {
    expect(playbook[EXTENSION_KEY].ja?.name, file).toMatch(/[ぁ-んァ-ヶ一-龠]/)
    for (const [id, step] of Object.entries(playbook.workflow)) {
      const extension = step[EXTENSION_KEY]
      if (step.type !== 'start' && step.type !== 'end') expect(extension?.ja, `${file} ${id}`).toMatch(/[ぁ-んァ-ヶ一-龠]/)
      if (extension?.action === undefined) continue
      // The first of its tests that goes through this step.
      const test = playbook.tests.find(({ expect: way }) => way.includes(id))!
      const variables = new Variables(playbook.playbook_variables)
      variables.give({ __alert__: 'a1', __desk__: 'desk@example.test', ...test.variables })
      const input = all.get(extension.action)!.input.safeParse(resolve(extension.input ?? {}, variables))
      expect(input.error?.issues, `${file} ${id}`).toBeUndefined()
      inputs += 1
    }
  }
  expect(inputs).toBeGreaterThan(30)
})

it('calls no two playbooks the same', () => {
  const names = playbooks.flatMap(({ playbook }) => [fold(playbook.name), playbook[EXTENSION_KEY].ja?.name])
  expect(new Set(names).size).toBe(names.length)
})

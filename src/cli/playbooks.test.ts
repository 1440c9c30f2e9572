import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it, vi } from 'vitest'
import { playbooksCommand } from './playbooks.ts'

const folder = mkdtempSync(join(tmpdir(), 'kanpeki-playbooks-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
  try {
    const code = await playbooksCommand(args)
    return { code, out, err }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const GOOD = `id: good
name: Good
workflow_start: start
workflow:
  start: { type: start, on_completion: ask }
  ask: { type: action, commands: [{ type: manual, command: 'Look' }], on_completion: end }
  end: { type: end }
tests: [{ name: looks, expect: [start, ask, end] }]
`

it('says where a playbook is wrong, and how its tests end', async () => {
  const good = file('good.yml', GOOD)
  const bad = file('bad.yml', GOOD.replace('on_completion: end }', 'on_completion: nowhere }'))
  expect(await run('validate', good)).toMatchObject({ code: 0, out: '1 of 1 playbooks are valid\n' })
  const found = await run('validate', good, bad)
  expect(found.code).toBe(1)
  expect(found.out).toContain(`${bad}:6:`)
  expect(found.out).toContain('There is no step nowhere.')
  expect(await run('test', good)).toMatchObject({ code: 0, out: expect.stringContaining(`ok    ${good}  looks`) })
  const failing = file('failing.yml', GOOD.replace('[start, ask, end]', '[start, end]'))
  expect(await run('test', failing)).toMatchObject({ code: 1, out: expect.stringContaining('went     start → ask → end') })
  const untested = file('untested.yml', GOOD.replace(/tests:.*\n/, ''))
  expect(await run('test', untested)).toMatchObject({ code: 1, out: expect.stringContaining('has no tests') })
  expect(JSON.parse((await run('validate', '--json', bad)).out)).toMatchObject({
    valid: false,
    problems: [{ code: 'unknown_step', line: 6 }],
  })
})

it('runs every test of the playbooks that ship', async () => {
  const { code, out } = await run('test', fileURLToPath(new URL('../../content/playbooks', import.meta.url)))
  console.log(out.trimEnd().split('\n').at(-1))
  expect(code, out).toBe(0)
})

it('wants a server for what a server does, and knows no other word', async () => {
  expect((await run('list', '--data', folder)).code).not.toBe(0)
  expect((await run('fly')).code).not.toBe(0)
})

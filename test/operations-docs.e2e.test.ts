import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { createToken, type Ran, ROOT, type Running, startServer, temporaryFolder } from './support/kanpeki.ts'

const NAMES = ['operations.md', 'operations.ja.md']
const texts = NAMES.map((name) => ({ name, text: readFileSync(join(ROOT, 'docs', name), 'utf8') }))

/** Lines of the blocks that are meant to be run here (`sh`; the others need systemd). */
function linesOf(text: string): string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((block) => block[1]!.trim().split('\n'))
}

function shell(line: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', line], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        out[name] += text
      })
    child.once('close', (code) => resolve({ code, ...out }))
  })
}

it('says the same in both languages', () => {
  const [en, ja] = texts.map(({ text }) => linesOf(text).map((line) => line.replace(' --lang ja', '')))
  expect(en!.length).toBeGreaterThan(8)
  expect(ja).toEqual(en)
  const headings = texts.map(({ text }) => [...text.matchAll(/^## /gm)].length)
  expect(headings[0]).toBe(headings[1])
})

it.each(texts)('$name names commands and files that exist', ({ text }) => {
  for (const [, name] of text.matchAll(/(?:\.\/|`)kanpeki ([a-z]+)/g)) expect(Object.keys(commands)).toContain(name)
  for (const [, path] of text.matchAll(/`(deploy\/[\w.]+)`/g)) expect(existsSync(join(ROOT, path!)), path).toBe(true)
  for (const [, path] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
    expect(existsSync(join(ROOT, 'docs', path!)), path).toBe(true)
})

describe.each(texts)('the commands of $name', ({ text }) => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'kanpeki')
  let server: Running
  let env: Record<string, string>

  beforeAll(async () => {
    server = await startServer(data)
    for (const name of ['backups', 'etc']) mkdirSync(join(folder.path, name))
    copyFileSync(join(data, 'keys/seal.key'), join(folder.path, 'etc/seal.key'))
    env = { TOKEN: await createToken(data, 'metrics'), KEY: (await (await fetch(`${server.url}/ledger/key`)).text()).trim() }
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
    folder.remove()
  })

  it('run as they stand', async () => {
    for (const line of linesOf(text)) {
      const here = line
        .replace('./kanpeki', `'${process.execPath}' --disable-warning=ExperimentalWarning dist/cli/main.js`)
        .replaceAll('/var/lib/kanpeki', data)
        .replaceAll('/srv/backups', join(folder.path, 'backups'))
        .replaceAll('/srv/restored', join(folder.path, 'restored'))
        .replaceAll('/etc/kanpeki/', `${join(folder.path, 'etc')}/`)
        .replaceAll('http://127.0.0.1:7300', server.url)
      const { code, stdout, stderr } = await shell(here, env)
      expect([line, code, code === 0 ? '' : stderr]).toEqual([line, 0, ''])
      expect([line, stdout.length > 0]).toEqual([line, true])
    }
  }, 120_000)
})

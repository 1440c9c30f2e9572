import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = join(ROOT, 'dist/cli/main.js')

/** A folder that goes away with the test. @param parent `diskFolder()` for what a source or an agent reads: none reads below /dev. */
export function temporaryFolder(parent = tmpdir()): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(parent, 'kanpeki-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) }
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a built command to its end. */
export function kanpeki(
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.end(options.input ?? '')
  })
}

export interface Running {
  readonly url: string
  readonly signInUrl: string
  readonly pid: number
  readonly child: ChildProcess
  /** What it said on standard error so far. */
  stderr(): string
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>
}

/** Starts a server on a free port and waits for its ready line; `spawned` sees the process before that. */
export function startServer(
  data: string,
  args: readonly string[] = [],
  prefix: readonly string[] = [],
  spawned: (child: ChildProcess) => void = () => {},
): Promise<Running> {
  const command = [
    ...prefix,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    MAIN,
    'up',
    '--data',
    data,
    '--port',
    '0',
    '--json',
    ...args,
  ]
  const child = spawn(command[0]!, command.slice(1), { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  spawned(child)
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    let line = ''
    void ended.then((code) => reject(new Error(`the server ended with ${code} before it was ready:\n${errors}`)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      line += text
      if (!line.includes('\n')) return
      const ready = JSON.parse(line) as { url: string; signInUrl: string; pid: number }
      resolve({
        ...ready,
        child,
        stderr: () => errors,
        stop: () => {
          // It may have ended by itself: then its exit code says so.
          if (child.exitCode === null && child.signalCode === null) process.kill(ready.pid, 'SIGTERM')
          return ended
        },
        kill: async () => {
          // Somebody else may have killed it.
          if (child.exitCode === null && child.signalCode === null) process.kill(ready.pid, 'SIGKILL')
          await ended
        },
      })
    })
  })
}

export async function createToken(data: string, scope: 'ingest' | 'read' | 'metrics' | 'admin'): Promise<string> {
  const made = await kanpeki(['token', 'create', '--scope', scope, '--data', data])
  if (made.code !== 0) throw new Error(`token create: ${made.stderr}`)
  return made.stdout.trim()
}

/** A JSON request with a token; throws with the problem's text on anything but 2xx. */
export async function api<T>(url: string, token: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${path}: ${text}`)
  return JSON.parse(text) as T
}

export type Ask = <T>(method: string, path: string, body?: object) => Promise<T>

/** As `api`, of a server that has made its own certificate; `ca` is its file, which may be there later than this. Takes 200 only. */
export function askOverTls(server: () => { readonly port: string; readonly token: string }, ca: string): Ask {
  return <T>(method: string, path: string, body?: object) =>
    new Promise<T>((resolve, reject) => {
      const { port, token } = server()
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const options = { method, headers, ca: readFileSync(ca), agent: false as const }
      const sent = request(new URL(path, `https://127.0.0.1:${port}`), options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(text) as T)
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
        })
      })
      sent.on('error', reject)
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
}

/** Asks until `check` answers something, at most `seconds`. */
export async function eventually<T>(what: string, check: () => Promise<T | undefined>, seconds = 30): Promise<T> {
  const until = Date.now() + seconds * 1000
  for (;;) {
    const found = await check()
    if (found !== undefined) return found
    if (Date.now() > until) throw new Error(`waited ${seconds} s in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

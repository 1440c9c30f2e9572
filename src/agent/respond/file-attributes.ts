import { spawn } from 'node:child_process'
import type { FileHandle } from 'node:fs/promises'

/**
 * Extended attributes of an open file, ACLs and capabilities among them, by `getfattr` and `setfattr` (Debian: attr): Node has no call
 * for them. The tools are handed the open file itself, so that no name can be changed under them.
 */

/** Lines `NAME=0xHEX` as getfattr writes them. */
export type AttributeLines = readonly string[]

const OPEN = '/proc/self/fd/3'
const MOST_BYTES = 1_000_000
const TIMEOUT_MS = 20_000

interface Ended {
  readonly code: number | 'absent'
  readonly out: string
}

function run(program: string, args: readonly string[], file: FileHandle, input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'ignore', file.fd],
      timeout: TIMEOUT_MS,
    })
    let out = ''
    child.stdout!.setEncoding('latin1').on('data', (text: string) => {
      if (out.length < MOST_BYTES) out += text
    })
    child.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve({ code: 'absent', out }) : reject(error),
    )
    child.once('close', (code) => resolve({ code: code ?? 1, out }))
    child.stdin!.on('error', () => {})
    child.stdin!.end(input, 'latin1')
  })
}

/** @returns undefined where they cannot be read: the tool is not installed, or there are too many. */
export async function readAttributeLines(file: FileHandle): Promise<AttributeLines | undefined> {
  const { code, out } = await run('getfattr', ['-d', '-m', '-', '-e', 'hex', '--absolute-names', '--', OPEN], file)
  if (code !== 0 || out.length >= MOST_BYTES) return undefined
  return out.split('\n').filter((line) => line !== '' && !line.startsWith('# file: '))
}

/** Sets each. @returns the names of those that could not be. */
export async function writeAttributeLines(file: FileHandle, lines: AttributeLines): Promise<string[]> {
  const lost: string[] = []
  for (const line of lines) {
    const { code } = await run('setfattr', ['--restore=-'], file, `# file: ${OPEN}\n${line}\n\n`)
    if (code !== 0) lost.push(line.split('=', 1)[0]!)
  }
  return lost
}

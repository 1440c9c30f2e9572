import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { KanpekiError } from '../kernel/error.ts'
import { parseVerifierKey, type VerifierKey } from './verify/note.ts'

/** Where a person's trusted keys are kept: one verifier key a line, `#` begins a comment. */
export function trustedKeysPath(env: NodeJS.ProcessEnv = process.env): string {
  const config = env['XDG_CONFIG_HOME']
  return join(config === undefined || config === '' ? join(homedir(), '.config') : config, 'kanpeki', 'trusted-keys')
}

/** @throws KanpekiError `trusted_keys_malformed` naming the line. */
export async function readTrustedKeys(path: string): Promise<readonly VerifierKey[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const keys: VerifierKey[] = []
  for (const [at, line] of text.split('\n').entries()) {
    const content = line.trim()
    if (content === '' || content.startsWith('#')) continue
    const key = parseVerifierKey(content)
    if (key === undefined) {
      throw new KanpekiError('trusted_keys_malformed', 'The line is not an Ed25519 verifier key.', {
        place: { file: path, line: at + 1 },
      })
    }
    keys.push(key)
  }
  return keys
}

/** Adds a key, unless it is there. */
export async function rememberKey(path: string, key: VerifierKey): Promise<void> {
  const known = await readTrustedKeys(path)
  if (known.some((one) => one.text === key.text)) return
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(path, `${key.text}\n`, { flag: 'a', mode: 0o600 })
}

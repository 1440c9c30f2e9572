import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { writeFileAtomically } from '../atomic-file.ts'
import { SEAL_KEY_BYTES } from './sealer.ts'

/** The variable that carries keys: base64, the sealing one first, further ones after commas. */
export const SEAL_KEY_VARIABLE = 'KANPEKI_SEAL_KEY'
const COMMAND_LIMIT_MS = 10_000
const COMMAND_OUTPUT_BYTES = 64 * 1024

/** Where seal keys come from. A file is ours to rotate; the others are the operator's. */
export type SealKeySource =
  | { readonly kind: 'environment'; readonly value: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  | { readonly kind: 'file'; readonly path: string }

export interface SealKeySettings {
  readonly 'seal-key-file': string | null
  readonly 'seal-key-command': readonly string[]
}

/** The variable, else the command, else the file (by default `seal.key` among the data folder's keys). */
export function sealKeySource(
  keysFolder: string,
  settings: SealKeySettings,
  environment: Readonly<Record<string, string | undefined>>,
): SealKeySource {
  const value = environment[SEAL_KEY_VARIABLE]
  if (value !== undefined && value !== '') return { kind: 'environment', value }
  if (settings['seal-key-command'].length > 0) return { kind: 'command', argv: settings['seal-key-command'] }
  return { kind: 'file', path: settings['seal-key-file'] ?? join(keysFolder, 'seal.key') }
}

/**
 * Reads the keys, the sealing one first.
 * @param mayCreate makes a missing key file; false where something is sealed already.
 * @throws KanpekiError `seal_key_missing`, `seal_key_malformed`, `seal_key_exposed`, `seal_key_command`.
 */
export async function readSealKeys(source: SealKeySource, mayCreate: boolean): Promise<readonly Uint8Array[]> {
  if (source.kind === 'environment') return parseSealKeys(source.value, SEAL_KEY_VARIABLE)
  if (source.kind === 'command') return parseSealKeys(await outputOf(source.argv), 'the output of seal-key-command')
  const text = await readKeyFile(source.path)
  if (text !== undefined) return parseSealKeys(text, source.path)
  if (!mayCreate) {
    throw new KanpekiError('seal_key_missing', 'Secrets are sealed here, and the key that opens them is not.', {
      place: { file: source.path },
      remedy:
        'Bring the key file back from a backup, or name it with seal-key-file. A new key cannot open what the old one sealed.',
    })
  }
  const key = randomBytes(SEAL_KEY_BYTES)
  await writeSealKeyFile(source.path, [key])
  return [key]
}

/** Replaces the key file in one step: mode 0600, a key a line, the sealing one first. */
export async function writeSealKeyFile(path: string, keys: readonly Uint8Array[]): Promise<void> {
  await writeFileAtomically(path, `${keys.map((key) => Buffer.from(key).toString('base64')).join('\n')}\n`)
}

/** Keys in base64 (or base64url), parted by commas or white space. @throws KanpekiError `seal_key_malformed`. */
export function parseSealKeys(text: string, from: string): readonly Uint8Array[] {
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => (/^[A-Za-z0-9+/_-]+={0,2}$/.test(part) ? Buffer.from(part, 'base64') : Buffer.alloc(0)))
  if (keys.length === 0 || keys.some((key) => key.length !== SEAL_KEY_BYTES)) {
    throw new KanpekiError('seal_key_malformed', `A seal key in ${from} is not ${SEAL_KEY_BYTES} bytes in base64.`, {
      remedy: 'Make one with: openssl rand -base64 32',
    })
  }
  return keys
}

async function readKeyFile(path: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new KanpekiError('seal_key_missing', `The seal key cannot be read: ${messageOf(error)}.`, { place: { file: path } })
  }
  if (((await stat(path)).mode & 0o077) !== 0) {
    throw new KanpekiError('seal_key_exposed', 'Others on this machine can read the key that seals secrets.', {
      place: { file: path },
      remedy: `Run: chmod 600 ${path}`,
    })
  }
  return text
}

/** Runs a KMS's own client without a shell. Its error output may hold anything, so it is not repeated. */
async function outputOf(argv: readonly string[]): Promise<string> {
  const [program, ...args] = argv
  try {
    const { stdout } = await promisify(execFile)(program!, args, {
      timeout: COMMAND_LIMIT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: COMMAND_OUTPUT_BYTES,
      windowsHide: true,
    })
    return stdout
  } catch (error) {
    const failure = error as { readonly code?: unknown; readonly killed?: boolean }
    const why =
      failure.killed === true ? `it took more than ${COMMAND_LIMIT_MS / 1000} s` : `it ended with ${String(failure.code)}`
    throw new KanpekiError('seal_key_command', `seal-key-command gave no key: ${why}.`, {
      place: { field: 'seal-key-command' },
      remedy: 'Run it by hand as the user that runs Kanpeki; it must print the key in base64 and exit with 0.',
    })
  }
}

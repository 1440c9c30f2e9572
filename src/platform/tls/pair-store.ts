import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import { writeFileAtomically } from '../atomic-file.ts'
import { resealed, type SealedPlace } from '../secrets/sealed-place.ts'
import type { Sealer } from '../secrets/sealer.ts'
import type { KeyPair } from './make-certificate.ts'

const CERT = 'tls-own.pem'
const KEY = 'tls-own.key.sealed'
const SERVED = 'tls-served.pem'
const CONTEXT = 'tls-own-key'

/** The certificate of our own in the folder of keys: the private key sealed, never in plain text on the disk. */
export interface PairStore {
  readonly certFile: string
  readonly keyFile: string
  /** The chain that is served now, for clients on this host. */
  readonly servedFile: string
  /** Undefined if none was made yet. @throws KanpekiError `seal_wrong_key`, `seal_broken`, `tls_unreadable`. */
  read(): Promise<KeyPair | undefined>
  write(pair: KeyPair): Promise<void>
  writeServed(cert: string): Promise<void>
}

export function pairStore(folder: string, sealer: Sealer): PairStore {
  const certFile = join(folder, CERT)
  const keyFile = join(folder, KEY)
  const servedFile = join(folder, SERVED)
  return {
    certFile,
    keyFile,
    servedFile,
    async read() {
      const [cert, sealed] = await Promise.all([readIfThere(certFile), readIfThere(keyFile)])
      if (cert === undefined || sealed === undefined) return undefined
      return { cert, key: sealer.open(sealed.trim(), CONTEXT).toString('utf8') }
    },
    async write({ cert, key }) {
      await writeFileAtomically(keyFile, `${sealer.seal(key, CONTEXT)}\n`)
      await writeFileAtomically(certFile, cert)
    },
    writeServed: (cert) => writeFileAtomically(servedFile, cert),
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unreadable(file, error)
  }
}

/** The key of our own certificate, for the rotation of the seal key. */
export function sealedTlsKey(folder: string): SealedPlace {
  return {
    id: KEY,
    async reseal(sealer) {
      const file = join(folder, KEY)
      const sealed = await readIfThere(file)
      const again = sealed === undefined ? undefined : resealed(sealer, sealed.trim(), CONTEXT)
      if (again === undefined) return 0
      await writeFileAtomically(file, `${again}\n`)
      return 1
    },
  }
}

/** Reads a certificate and its key from the files that a person gave. @throws KanpekiError `tls_unreadable`. */
export async function readGivenPair(certFile: string, keyFile: string): Promise<KeyPair> {
  const read = async (file: string): Promise<string> => {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      throw unreadable(file, error)
    }
  }
  return { cert: await read(certFile), key: await read(keyFile) }
}

function unreadable(file: string, error: unknown): KanpekiError {
  return new KanpekiError('tls_unreadable', `Cannot read this file: ${messageOf(error)}.`, {
    place: { file },
    remedy: 'Check the path, and that the user Kanpeki runs as may read it.',
    cause: error,
  })
}

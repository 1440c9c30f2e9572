import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { PACKAGING } from '../app/evidence-package.ts'
import { KanpekiError } from '../kernel/error.ts'
import { readConfig } from '../platform/config.ts'
import { dataDir } from '../platform/data-dir.ts'
import { openSealer } from '../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../platform/secrets/seal-keys.ts'
import { type BundleAbout, makeBundle } from '../prove/make-bundle.ts'
import { makePackage } from '../prove/make-package.ts'
import { readFolder } from '../prove/read-folder.ts'
import { openLogReader } from '../prove/read-log.ts'
import { KEY_FILE, openSigningKey } from '../prove/signing-key.ts'
import { formatBundle } from '../prove/verify/bundle-format.ts'
import { textOf, utf8 } from '../prove/verify/bytes.ts'
import { detailOf } from './export-frameworks.ts'
import { localServer } from './local-server.ts'
import { open, type ServerRef } from './request.ts'

export type Format = 'json' | 'zip'

export interface Made {
  readonly format: Format
  readonly bytes: Uint8Array
}

/** What a file's name asks for; undefined where there is none to go by. */
export function formatOf(output: string | undefined): Format | undefined {
  if (output === undefined) return undefined
  return output === '-' || /\.json$/i.test(output) ? 'json' : 'zip'
}

/**
 * Of what lies on this host. Events are in the lake, which only a running server can read: where one runs on the folder, an
 * alert's bundle is asked of it, and made from the files where it does not know the alert (it is of another scope).
 */
export async function bundleFromHere(data: string, about: BundleAbout, wanted: Format | undefined): Promise<Made> {
  const server = 'alert' in about ? await localServer(data, 'read', 'kanpeki export') : undefined
  if (server !== undefined) {
    try {
      return await bundleFromServer(server, server.token, about, wanted ?? 'zip')
    } catch (error) {
      if (!(error instanceof KanpekiError) || !['refused', 'unreachable'].includes(error.code)) throw error
    }
  }
  return await bundleFromFolder(data, about, wanted)
}

/**
 * From the files of a data folder, beside a running server or without one. A copy of a ledger without its key can sign no
 * reports: it gives entries and proofs alone.
 * @throws KanpekiError `no_key` where a package was asked for and cannot be signed.
 */
async function bundleFromFolder(data: string, about: BundleAbout, wanted: Format | undefined): Promise<Made> {
  const log = await openLogReader(readFolder(data))
  const bundle = await makeBundle({ log, about, indexes: await log.find(about) })
  const { keys } = dataDir(data)
  const signs = existsSync(join(keys, KEY_FILE))
  if (wanted === 'zip' && !signs)
    throw new KanpekiError('no_key', `There is no ${join(keys, KEY_FILE)}, and a package is signed.`, {
      remedy: 'Give a name that ends in .json, for entries and proofs alone, or ask the server with --url.',
    })
  if (wanted === 'json' || !signs) return { format: 'json', bytes: utf8(formatBundle(bundle)) }
  const sealer = await openSealer(keys, sealKeySource(keys, readConfig(data, {}, process.env).values, process.env))
  const key = await openSigningKey(keys, { mayCreate: false, sealer })
  return { format: 'zip', bytes: await makePackage(bundle, { ...PACKAGING, signNote: (text) => key.signNote(text) }) }
}

export async function bundleFromServer(server: ServerRef, token: string, about: BundleAbout, format: Format): Promise<Made> {
  const query = new URLSearchParams(Object.entries(about).map(([key, value]): [string, string] => [key, String(value)]))
  query.set('format', format)
  const response = await open(server, `/api/v1/ledger/bundle?${query}`, {
    method: 'GET',
    headers: { authorization: `Bearer ${token}` },
  })
  const bytes = new Uint8Array(await buffer(response))
  if (response.statusCode === 200) return { format, bytes }
  throw new KanpekiError('refused', `The server answered ${response.statusCode}: ${detailOf(textOf(bytes) ?? '')}`)
}

import { KanpekiError } from '../kernel/error.ts'
import type { BundleAbout, BundleLog } from './make-bundle.ts'
import { textOf } from './verify/bytes.ts'
import { parseCheckpoint } from './verify/checkpoint.ts'
import { parseEntry, type ReadEntry, subjectsOf } from './verify/entry.ts'
import type { EvidenceFolder } from './verify/folder.ts'
import { parseRotations, ROTATIONS_FILE } from './verify/rotation.ts'
import { splitEntryBundle, splitTile, TILE_WIDTH, type TileId, tilePath, tileWidth } from './verify/tiles.ts'

/** A log read from its files alone, beside a running server or without one. */
export interface LogReader extends BundleLog {
  /** Indexes of the entries about something, oldest first. Reads the whole log. */
  find(about: BundleAbout): Promise<readonly number[]>
}

/**
 * Opens the log below a data directory at its present checkpoint. Signatures are not checked here: what is made of the
 * log is verified afterwards.
 * @throws KanpekiError `ledger_missing` if there is none, `ledger_damaged` when a file that is needed cannot be read.
 */
export async function openLogReader(folder: EvidenceFolder, ledger = 'ledger'): Promise<LogReader> {
  const bytes = await folder.read(`${ledger}/checkpoint`)
  if (bytes === undefined) {
    throw new KanpekiError('ledger_missing', `There is no ${ledger}/checkpoint here.`, {
      remedy: 'Give the data directory with --data.',
    })
  }
  const checkpoint = parseCheckpoint(bytes)
  const key = await folder.read(`${ledger}/key`)
  if (checkpoint === undefined || key === undefined) throw damaged(`${ledger}/${checkpoint === undefined ? 'checkpoint' : 'key'}`)
  const { size } = checkpoint

  const readWide = async (id: TileId): Promise<Uint8Array> => {
    const found =
      (await folder.read(`${ledger}/${tilePath(id)}`)) ??
      (await folder.read(`${ledger}/${tilePath({ ...id, width: TILE_WIDTH })}`))
    if (found === undefined) throw damaged(`${ledger}/${tilePath(id)}`)
    return found
  }
  let held: { readonly index: number; readonly entries: readonly Uint8Array[] } | undefined
  const bundle = async (index: number): Promise<readonly Uint8Array[]> => {
    if (held?.index === index) return held.entries
    const id: TileId = { level: 'entries', index, width: tileWidth(size, 'entries', index) }
    const entries = splitEntryBundle(await readWide(id))
    if (entries === undefined || entries.length < id.width) throw damaged(`${ledger}/${tilePath(id)}`)
    held = { index, entries: entries.slice(0, id.width) }
    return held.entries
  }

  return {
    checkpoint,
    rotations: parseRotations((await folder.read(`${ledger}/${ROTATIONS_FILE}`)) ?? new Uint8Array(0)) ?? [],
    beside: {
      read: (path) => folder.read(`${ledger}/${path}`),
      list: async (inner) => ((await folder.list?.(`${ledger}/${inner}`)) ?? []).map((path) => path.slice(ledger.length + 1)),
    },
    key: (textOf(key) ?? '').trim(),
    async entry(index) {
      return index < size ? (await bundle(Math.floor(index / TILE_WIDTH)))[index % TILE_WIDTH] : undefined
    },
    async readTile(level, index, width) {
      const id = { level, index, width }
      const hashes = splitTile(await readWide(id))
      if (hashes === undefined || hashes.length < width) throw damaged(`${ledger}/${tilePath(id)}`)
      return hashes.slice(0, width)
    },
    async find(about) {
      if ('index' in about) return [about.index]
      const found: number[] = []
      for (let at = 0; at * TILE_WIDTH < size; at++) {
        for (const [place, entry] of (await bundle(at)).entries()) {
          const parsed = parseEntry(entry)
          if (typeof parsed === 'string')
            throw damaged(`${ledger}/${tilePath({ level: 'entries', index: at, width: tileWidth(size, 'entries', at) })}`)
          if (isAbout(parsed, about)) found.push(at * TILE_WIDTH + place)
        }
      }
      return found
    },
  }
}

function isAbout(entry: ReadEntry, about: Exclude<BundleAbout, { index: number }>): boolean {
  if ('from' in about) {
    const logged = Date.parse(entry.logged)
    return logged >= Date.parse(about.from) && logged < Date.parse(about.to)
  }
  const [kind, id] = Object.entries(about)[0]!
  return subjectsOf(entry).some((subject) => subject.kind === kind && subject.id === id)
}

function damaged(path: string): KanpekiError {
  return new KanpekiError('ledger_damaged', `${path} is missing or cannot be read.`, {
    place: { file: path },
    remedy: 'Run kanpeki verify.',
  })
}

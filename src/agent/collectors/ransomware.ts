import { createHash, createHmac, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chown, lstat, open, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { JsonObject } from '../../kernel/json.ts'
import type { Collector, CollectorContext } from '../collector.ts'
import { readKept, writeKept } from '../kept.ts'
import { filesBelow } from './files-below.ts'
import { createStorms, isNoise } from './ransomware-signs.ts'
import { createTouches } from './touches.ts'
import { watchFolders } from './watch-folders.ts'
import { processFields, writersBelow } from './writers.ts'

interface Options {
  /** Folders with people's files. */
  readonly folders: readonly string[]
  /** Place files there that nobody has a reason to touch. */
  readonly canaries: boolean
  /** `/proc`. */
  readonly root: string
}

const LOOK_MS = 100
const SAMPLE = 16_384
const LONG_MS = 3_600_000
const MOST_KNOWN = 200_000
/** A canary that was touched is told of once in this time: what follows is the same attack. */
const AGAIN_MS = 10_000

/** First and last of their folder by name, whichever way it is gone through, and of kinds that are worth encrypting. */
const NAMES = ['!_accounts-overview.xlsx', '~_contracts-archive.docx', '_zz_family-photos.jpg'] as const

/** Content of a canary: begins as its kind does, the rest differs for each host. */
function contentOf(name: string, secret: Buffer): Buffer {
  const magic = name.endsWith('.jpg') ? [0xff, 0xd8, 0xff, 0xe0] : [0x50, 0x4b, 0x03, 0x04]
  const parts = Array.from({ length: 256 }, (_, i) => createHmac('sha256', secret).update(`${name} ${i}`).digest())
  return Buffer.concat([Buffer.from(magic), ...parts])
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/**
 * What encryption by ransomware looks like in folders with people's files: canaries that are touched, many files rewritten with
 * noise, many renamed to one ending. With each the process that was seen to write there, which a rule may end.
 */
export function ransomwareCollector({ folders, canaries, root }: Options): Collector {
  /** Places what is missing, and takes away what is not wanted any more. @returns path → hash. */
  async function place({ folder, count, warn }: CollectorContext): Promise<Map<string, string>> {
    const file = join(folder, 'canaries.json')
    const kept = (await readKept(file)) ?? new Map<string, string>()
    const secretText = kept.get('') ?? randomBytes(32).toString('hex')
    const secret = Buffer.from(secretText, 'hex')
    const wanted = canaries ? folders.flatMap((one) => NAMES.map((name) => join(one, name))) : []
    const placed = new Map<string, string>()
    for (const path of kept.keys()) {
      if (path === '' || wanted.includes(path)) continue
      const there = await readFile(path).catch(() => undefined)
      // Somebody else's file under this name is not ours to remove.
      if (there !== undefined && digest(there) === kept.get(path)) await rm(path, { force: true })
    }
    for (const path of wanted) {
      const content = contentOf(basename(path), secret)
      const hash = digest(content)
      const there = await readFile(path).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? null : undefined))
      try {
        if (there === null) {
          await writeFile(path, content, { flag: 'wx', mode: 0o666 })
          const { uid, gid } = await lstat(dirname(path))
          await chown(path, uid, gid).catch(() => {})
        } else if (there === undefined || digest(there) !== hash) {
          count('canaries.notPlaced')
          warn(`${path} is there already, and is no canary`)
          continue
        }
        placed.set(path, hash)
      } catch (error) {
        count('canaries.notPlaced')
        warn(`a canary cannot be placed at ${path}: ${(error as NodeJS.ErrnoException).code ?? ''}`)
      }
    }
    await writeKept(file, new Map([['', secretText], ...placed]))
    return placed
  }

  return {
    id: 'ransomware',
    async run(context) {
      const { emit, count, signal } = context
      const placed = await place(context)
      const known = new Map<string, string>()
      const toldAt = new Map<string, number>()
      const storms = createStorms()
      const touches = createTouches<null>(signal)
      const watched = watchFolders({
        touched: (path) => touches.add(path, null),
        failed: () => count('guard.watchFailed'),
        ignored: () => false,
      })
      const stand = async (path: string): Promise<string | undefined> => {
        const entry = await lstat(path).catch(() => undefined)
        return entry?.isFile() === true ? `${entry.ino} ${entry.size} ${entry.mtimeMs}` : undefined
      }
      const who = async (): Promise<{ fields: JsonObject; all: readonly string[] }> => {
        const { one, all } = await writersBelow(root, folders)
        return { fields: one === undefined ? {} : { process: processFields(root, one) }, all }
      }
      const tell = async (action: string, type: string, path: string, sign: JsonObject): Promise<void> => {
        const { fields, all } = await who()
        emit({
          event: { kind: 'event', category: ['file'], type: [type], action },
          file: { path, name: basename(path), directory: dirname(path) },
          ...fields,
          kanpeki_agent: { ransomware: { ...sign, writers: [...all] } },
        })
      }
      const canary = async (path: string): Promise<void> => {
        const there = await readFile(path).catch(() => undefined)
        if (there !== undefined && digest(there) === placed.get(path)) return
        const now = performance.now()
        if (now - (toldAt.get('') ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return
        toldAt.set('', now)
        await tell('canary-touched', there === undefined ? 'deletion' : 'change', path, { sign: 'canary' })
      }
      const look = async (path: string): Promise<void> => {
        if (placed.has(path)) return await canary(path)
        const now = performance.now()
        const before = known.get(path)
        const after = await stand(path)
        if (after === before) return
        if (after === undefined) {
          known.delete(path)
          return storms.went(path, now)
        }
        if (known.size < MOST_KNOWN || before !== undefined) known.set(path, after)
        if (before === undefined) storms.appeared(path, now)
        const head = await headOf(path)
        if (head !== undefined && isNoise(head)) storms.noise(path, now)
      }

      try {
        for (const folder of folders) {
          await watched.root(folder)
          for await (const path of filesBelow(folder)) {
            const mark = await stand(path)
            if (mark === undefined || placed.has(path)) continue
            if (known.size < MOST_KNOWN) known.set(path, mark)
            else count('guard.tooMany')
          }
        }
        while (!signal.aborted) {
          const now = await touches.next(LOOK_MS, LONG_MS)
          // A canary first: every tenth of a second is some files.
          for (const path of [...now.keys()].toSorted((a, b) => Number(placed.has(b)) - Number(placed.has(a)))) {
            const entry = await lstat(path).catch(() => undefined)
            if (entry?.isDirectory() === true) watched.add(path)
            else await look(path)
          }
          for (const { kind, count: number, suffix, examples } of storms.look(performance.now()))
            await tell(kind === 'rename' ? 'files-renamed-alike' : 'files-rewritten-with-noise', 'change', examples[0]!, {
              sign: kind,
              files: number,
              examples: [...examples],
              ...(suffix === undefined ? {} : { suffix }),
            })
        }
      } finally {
        watched.close()
      }
    },
  }
}

async function headOf(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const buffer = Buffer.alloc(SAMPLE)
      const { bytesRead } = await file.read(buffer, 0, SAMPLE, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ParamsOf } from '../../hosts/schema.ts'
import type { AgentReceipt } from '../../kernel/agent-command.ts'
import { KanpekiError } from '../../kernel/error.ts'
import { syncFolder, writeFileAtomically } from '../../platform/atomic-file.ts'
import { readAttributeLines, writeAttributeLines } from './file-attributes.ts'
import { type HeldName, holdName } from './open-folder.ts'
import type { RespondContext } from './responder.ts'

const itemSchema = z.object({
  item: z.uuid(),
  /** The command that asked for it. */
  key: z.string(),
  path: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  mtimeMs: z.number(),
  atimeMs: z.number().optional(),
  /** Extended attributes and ACL; absent where they could not be read. */
  attributes: z.array(z.string()).optional(),
  /** Other names of the same content, which stay. */
  otherNames: z.number(),
  /** Device and inode of the file that is taken away. */
  dev: z.number(),
  ino: z.number(),
  taken: z.boolean(),
  at: z.string(),
})
type Item = z.infer<typeof itemSchema>

export interface QuarantineOptions {
  /** Where what is taken lies; only the agent's user may enter. */
  readonly store: string
  readonly largestFile: () => number
  readonly largestStore: () => number
  /** Paths that are never taken: the agent's own. */
  readonly own: readonly string[]
}

const infoOf = (store: string, item: string): string => join(store, `${item}.json`)
const bodyOf = (store: string, item: string): string => join(store, `${item}.body`)

/**
 * Takes files away and gives them back. The content is copied into the store and is durable there, with its hash and what
 * else is known of it, before the name goes: a crash or a full disk leaves the file either where it was or in the store.
 * The name is first moved aside within its folder, which is held open, and looked at once more: a link or another file put
 * there meanwhile goes back. Links are never followed; of a file with several names only this one goes, and the rest is said.
 */
export function quarantineResponders({ store, largestFile, largestStore, own }: QuarantineOptions) {
  return {
    async quarantine({ path, sha256 }: ParamsOf<'quarantine'>, { key }: RespondContext): Promise<AgentReceipt> {
      await mkdir(store, { recursive: true, mode: 0o700 })
      const items = await readItems(store)
      const before = items.find((one) => one.key === key)
      if (before?.taken === true) return receipt(before)
      // What a crash left of an earlier try of this command.
      if (before !== undefined) await forget(store, before.item)
      const held = await holdName(path)
      try {
        if (own.some((folder) => held.path === folder || held.path.startsWith(`${folder}/`)))
          throw new KanpekiError('agent_refuses', `${held.path} is the agent's own.`)
        const file = await openFile(held)
        try {
          const known = await file.stat()
          const attributes = await readAttributeLines(file)
          const used = items.reduce((sum, { bytes }) => sum + bytes, 0)
          if (known.size > largestFile() || used + known.size > largestStore())
            throw new KanpekiError('agent_refuses', `${held.path} has ${known.size} bytes: more than the store takes.`, {
              remedy: "Raise respond.largestFile or respond.largestStore in the host's agent.json.",
            })
          const item: Item = {
            item: randomUUID(),
            key,
            path: held.path,
            ...(await copy(file, store)),
            mode: known.mode & 0o7777,
            uid: known.uid,
            gid: known.gid,
            mtimeMs: known.mtimeMs,
            atimeMs: known.atimeMs,
            ...(attributes === undefined ? {} : { attributes: [...attributes] }),
            otherNames: known.nlink - 1,
            dev: known.dev,
            ino: known.ino,
            taken: false,
            at: new Date().toISOString(),
          }
          if (sha256 !== undefined && sha256 !== item.sha256) {
            await rm(join(store, TEMPORARY), { force: true })
            throw new KanpekiError('agent_refuses', `${held.path} has another content: its SHA-256 is ${item.sha256}.`)
          }
          await rename(join(store, TEMPORARY), bodyOf(store, item.item))
          await writeFileAtomically(infoOf(store, item.item), JSON.stringify(item))
          try {
            await takeName(held, item)
          } catch (error) {
            await forget(store, item.item)
            throw error
          }
          const taken = { ...item, taken: true }
          await writeFileAtomically(infoOf(store, item.item), JSON.stringify(taken))
          return receipt(taken)
        } finally {
          await file.close()
        }
      } finally {
        await held.close()
      }
    },

    async restore({ item: id }: ParamsOf<'restore'>): Promise<AgentReceipt> {
      const item = (await readItems(store)).find((one) => one.item === id)
      if (item === undefined) return { outcome: 'already', detail: { item: id, why: 'it is not in the store' } }
      const held = await holdName(item.path)
      try {
        if (held.path !== item.path)
          throw new KanpekiError('agent_refuses', `${item.path} is now reached over a link, at ${held.path}.`)
        const temporary = held.at(`.kanpeki-${id}`)
        await rm(temporary, { force: true })
        let lost: string[] = []
        const file = await open(temporary, 'wx', 0o600)
        try {
          const body = await open(bodyOf(store, id), 'r')
          const { sha256 } = await pour(body, file).finally(() => body.close())
          if (sha256 !== item.sha256)
            throw new KanpekiError('agent_failed', `The store's copy of ${item.path} is damaged: it is not given back.`)
          await file.chown(item.uid, item.gid)
          await file.chmod(item.mode)
          // After the owner: the kernel takes a program's capabilities away with a change of that.
          lost = await writeAttributeLines(file, item.attributes ?? [])
          await file.utimes((item.atimeMs ?? Date.now()) / 1_000, item.mtimeMs / 1_000)
          await file.sync()
          // A name that is taken is not overwritten.
          await link(temporary, held.at())
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
          throw new KanpekiError('agent_refuses', `There is a file at ${item.path} now; it is not overwritten.`, {
            remedy: 'Move it away first.',
          })
        } finally {
          await file.close()
          await rm(temporary, { force: true })
        }
        await syncFolder(held.at('.'))
        await forget(store, id)
        const detail = { item: id, path: item.path, sha256: item.sha256, ...(lost.length === 0 ? {} : { notRestored: lost }) }
        return { outcome: 'done', detail }
      } finally {
        await held.close()
      }
    },

    /** After a crash: what was already taken away is in the store; of what was not, nothing stays. */
    async resume(): Promise<void> {
      for (const item of await readItems(store)) {
        if (item.taken) continue
        const there = await lstat(item.path).catch(() => undefined)
        const aside = await lstat(asideOf(item)).catch(() => undefined)
        if (aside !== undefined && aside.ino === item.ino) await unlink(asideOf(item))
        if (there !== undefined && there.ino === item.ino && there.dev === item.dev) await forget(store, item.item)
        else await writeFileAtomically(infoOf(store, item.item), JSON.stringify({ ...item, taken: true }))
      }
      await rm(join(store, TEMPORARY), { force: true })
    },
  }
}

const TEMPORARY = 'incoming'

const receipt = ({ item, path, sha256, bytes, otherNames, attributes }: Item): AgentReceipt => ({
  outcome: 'done',
  detail: {
    ...{ item, path, sha256, bytes },
    ...(otherNames === 0 ? {} : { otherNames }),
    // Of a file that is given back those would be missing.
    ...(attributes === undefined ? { attributesUnread: true } : {}),
  },
  undo: { item },
})

async function openFile(held: HeldName): Promise<FileHandle> {
  let file: FileHandle
  try {
    // Not blocking: a pipe must not hold the agent.
    file = await open(held.at(), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ELOOP') throw new KanpekiError('agent_refuses', `${held.path} is a symbolic link: name the file it leads to.`)
    throw new KanpekiError(code === 'ENOENT' ? 'not_found' : 'agent_failed', `${held.path} cannot be opened: ${code}.`)
  }
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new KanpekiError('agent_refuses', `${held.path} is no plain file.`)
}

/** Copies what is open into the store, durably. */
async function copy(file: FileHandle, store: string): Promise<{ sha256: string; bytes: number }> {
  const temporary = join(store, TEMPORARY)
  await rm(temporary, { force: true })
  const body = await open(temporary, 'wx', 0o600)
  try {
    const copied = await pour(file, body)
    await body.sync()
    return copied
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await body.close()
  }
}

/** From one open file into another, a piece at a time, however large it is. */
async function pour(from: FileHandle, to: FileHandle): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(1 << 16)
  for (let bytes = 0; ; ) {
    const { bytesRead } = await from.read(buffer, 0, buffer.length, bytes)
    if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes }
    const part = buffer.subarray(0, bytesRead)
    hash.update(part)
    await to.write(part)
    bytes += bytesRead
  }
}

const asideOf = ({ path, item }: Item): string => join(path, '..', `.kanpeki-${item}`)

/** Removes the name, if it still is that of the file that was copied. */
async function takeName(held: HeldName, item: Item): Promise<void> {
  const aside = held.at(`.kanpeki-${item.item}`)
  try {
    await rename(held.at(), aside)
    const { dev, ino, size, mtimeMs } = await lstat(aside)
    if (dev !== item.dev || ino !== item.ino || size !== item.bytes || mtimeMs !== item.mtimeMs) {
      await rename(aside, held.at())
      throw new KanpekiError('agent_failed', `${item.path} was changed while it was taken; nothing was taken away.`, {
        remedy: 'End the process that writes it, and quarantine it again.',
      })
    }
    await unlink(aside)
    await syncFolder(held.at('.'))
  } catch (error) {
    if (error instanceof KanpekiError) throw error
    throw new KanpekiError('agent_failed', `${item.path} cannot be taken away: ${(error as NodeJS.ErrnoException).code ?? ''}.`, {
      remedy: 'Is it marked immutable (chattr), or its file system read-only?',
    })
  }
}

async function forget(store: string, item: string): Promise<void> {
  await rm(infoOf(store, item), { force: true })
  await rm(bodyOf(store, item), { force: true })
}

async function readItems(store: string): Promise<Item[]> {
  const names = await readdir(store).catch(() => [])
  const items: Item[] = []
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const { data } = itemSchema.safeParse(JSON.parse(await readFile(join(store, name), 'utf8')))
    if (data !== undefined && (await stat(bodyOf(store, data.item)).catch(() => undefined)) !== undefined) items.push(data)
  }
  return items
}

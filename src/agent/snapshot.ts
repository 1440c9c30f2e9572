import { createHash } from 'node:crypto'
import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import type { JsonObject } from '../kernel/json.ts'
import { bootTime, startedAt } from './collectors/boot-time.ts'
import { readPackages } from './collectors/inventory.ts'
import { processIds, readProcess } from './collectors/proc.ts'
import { holders, readSockets } from './collectors/sockets.ts'

/** What a host is like at this moment, as rows: for live queries and for captures. */
export interface Snapshot {
  readonly processes: () => JsonObject[]
  readonly sockets: () => JsonObject[]
  readonly openFiles: () => JsonObject[]
  readonly packages: () => Promise<JsonObject[]>
  readonly users: () => JsonObject[]
  /** What lies in a folder, links not followed. */
  readonly files: (folder: string) => Promise<JsonObject[]>
  /** One file, with its hash where it is not larger than `most` bytes. */
  readonly file: (path: string, most: number) => Promise<JsonObject[]>
}

const LONGEST = 4_096
const time = (ms: number): string => new Date(ms).toISOString()

/** @param root `/`, but in tests. */
export function snapshotOf(root: string): Snapshot {
  const proc = `${root}proc`
  return {
    processes() {
      const boot = bootTime(proc)
      return processIds(proc).flatMap((pid) => {
        const entry = readProcess(proc, pid)
        if (entry === undefined) return []
        const { parent, name, args, executable, deleted, folder, uid, container, started, state } = entry
        return {
          pid,
          parent,
          name,
          command_line: args.join(' ').slice(0, LONGEST),
          executable: executable ?? null,
          deleted,
          folder: folder ?? null,
          uid: uid ?? null,
          container: container ?? null,
          state,
          started: startedAt(boot, started),
        }
      })
    },
    sockets() {
      const all = readSockets(proc)
      const held = holders(proc, new Set(all.map(({ inode }) => inode)))
      return all.map(({ protocol, state, local, remote, uid, inode }) => {
        const holder = held.get(inode)
        return {
          protocol,
          state,
          local: `${local.ip} ${local.port}`,
          remote: `${remote.ip} ${remote.port}`,
          uid,
          pid: holder?.pid ?? null,
          process: holder?.name ?? null,
        }
      })
    },
    openFiles: () => processIds(proc).flatMap((pid) => openFilesOf(proc, pid)),
    async packages() {
      const found = await readPackages(root)
      return [...(found ?? [])].map(([name, version]) => ({ name, version }))
    },
    users() {
      return readFileSync(`${root}etc/passwd`, 'utf8')
        .split('\n')
        .map((line) => line.split(':'))
        .filter((fields) => fields.length >= 7)
        .map(([name, , uid, gid, comment, home, shell]) => ({
          name: name!,
          uid: Number(uid),
          gid: Number(gid),
          comment: comment!,
          home: home!,
          shell: shell!,
        }))
    },
    async files(folder) {
      const rows: JsonObject[] = []
      for (const name of await readdir(folder, { encoding: 'buffer' })) {
        const path = Buffer.concat([Buffer.from(`${folder.replace(/\/+$/, '')}/`), name])
        const text = name.toString('utf8')
        // A name need not be text: what it really is stands beside it.
        const told = Buffer.from(text).equals(name) ? {} : { name_hex: name.toString('hex') }
        const found = await lstat(path).catch(() => undefined)
        rows.push({ name: text, ...told, ...(found === undefined ? {} : about(found)) })
      }
      return rows
    },
    async file(path, most) {
      const row = { path, ...about(await lstat(path)) }
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined)
      if (file === undefined) return [row]
      try {
        const found = await file.stat()
        if (!found.isFile() || found.size > most) return [row]
        const hash = createHash('sha256')
        for await (const part of file.createReadStream({ autoClose: false })) hash.update(part as Buffer)
        return [{ ...row, sha256: hash.digest('hex') }]
      } finally {
        await file.close()
      }
    },
  }
}

function about(found: Awaited<ReturnType<typeof lstat>>): JsonObject {
  const type = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'other'
  return {
    type,
    size: Number(found.size),
    mode: (Number(found.mode) & 0o7777).toString(8).padStart(4, '0'),
    uid: Number(found.uid),
    gid: Number(found.gid),
    changed: time(Number(found.mtimeMs)),
  }
}

function openFilesOf(proc: string, pid: number): JsonObject[] {
  const link = (path: string): string | undefined => {
    try {
      return readlinkSync(path)
    } catch {
      return undefined
    }
  }
  try {
    const folder = `${proc}/${pid}/fd`
    return readdirSync(folder).flatMap((fd) => {
      const target = link(`${folder}/${fd}`)
      return target === undefined ? [] : { pid, fd: Number(fd), target: target.slice(0, LONGEST) }
    })
  } catch {
    // It ended, or belongs to somebody else.
    return []
  }
}

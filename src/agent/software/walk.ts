import type { Dirent } from 'node:fs'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { realWait } from '../../platform/backoff.ts'

/** Something that says what it is a package of. */
export interface Marker {
  readonly kind: 'npm' | 'pypi' | 'jar'
  /** `package.json`, `METADATA`, `PKG-INFO`, or the archive. */
  readonly file: string
}

export interface Walking {
  readonly folders: readonly string[]
  /** Not looked into: mounted from elsewhere, an engine's store of images. */
  readonly skipped: (folder: string) => boolean
  readonly count: (name: string, by?: number) => void
  readonly signal: AbortSignal
  /** Of the time that a look takes, it works one part of so many. */
  readonly parts?: number
  readonly mostFolders?: number
}

/** A million folders are more than any host should have; what lies beyond is counted. */
const MOST_FOLDERS = 1_000_000
const DEEPEST = 64
const TURN = 64
const ARCHIVE = /\.(?:jar|war|ear)$/i

/**
 * Finds what npm, pip and Java's tools leave beside what they install, link after link not followed. It takes its time: a look at a
 * whole host is not worth a busy core.
 */
export async function* findMarkers({
  folders,
  skipped,
  count,
  signal,
  parts = 5,
  mostFolders = MOST_FOLDERS,
}: Walking): AsyncGenerator<Marker> {
  const waiting = folders.map((folder) => ({ folder, depth: 0, packages: basename(folder) === 'node_modules' }))
  let seen = 0
  let began = performance.now()
  for (let next = waiting.pop(); next !== undefined && !signal.aborted; next = waiting.pop()) {
    const { folder, depth, packages } = next
    if (skipped(folder)) {
      count('software.foldersSkipped')
      continue
    }
    seen += 1
    if (seen > mostFolders || depth > DEEPEST) {
      count('software.beyond', seen > mostFolders ? waiting.length + 1 : 1)
      if (seen > mostFolders) return
      continue
    }
    let entries: readonly Dirent[]
    try {
      entries = await readdir(folder, { withFileTypes: true })
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') count('software.unread')
      continue
    }
    for (const entry of entries) {
      const { name } = entry
      const path = join(folder, name)
      if (entry.isDirectory()) {
        if (name.endsWith('.dist-info')) yield { kind: 'pypi', file: join(path, 'METADATA') }
        else if (name.endsWith('.egg-info')) yield { kind: 'pypi', file: join(path, 'PKG-INFO') }
        else {
          // Below `node_modules` lie packages, and below a name with @ there more of them.
          const scope = packages && name.startsWith('@')
          if (packages && !scope && !name.startsWith('.')) yield { kind: 'npm', file: join(path, 'package.json') }
          waiting.push({ folder: path, depth: depth + 1, packages: name === 'node_modules' || scope })
        }
      } else if (entry.isFile()) {
        if (ARCHIVE.test(name)) yield { kind: 'jar', file: path }
        else if (name.endsWith('.egg-info')) yield { kind: 'pypi', file: path }
      }
    }
    if (seen % TURN === 0) {
      await realWait((performance.now() - began) * (parts - 1), signal)
      began = performance.now()
    }
  }
}

/** Of images, which are told by their own names, and of what is thrown away. */
const STORES = ['var/lib/docker', 'var/lib/containerd', 'var/lib/containers', 'var/lib/kubelet/pods', 'run', 'proc', 'sys', 'dev']
/** File systems on a disk of this host. What is in memory, made up by the kernel or on another host is not looked at. */
const OF_DISKS = /^(?:ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|vfat|exfat|ntfs3?|fuseblk|overlay|squashfs|erofs)$/

/** Which folders of a host a look leaves out. */
export function skippedOn(root: string, proc: string): (folder: string) => boolean {
  const left = new Set(STORES.map((one) => join(root, one)))
  try {
    for (const line of readFileSync(join(proc, 'self/mountinfo'), 'utf8').split('\n')) {
      // proc_pid_mountinfo(5): the mount point is the fifth field; after a dash comes the type.
      const [before = '', after = ''] = line.split(' - ')
      const point = before
        .split(' ')[4]
        ?.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
      const type = after.split(' ')[0] ?? ''
      if (point !== undefined && point !== '/' && (!OF_DISKS.test(type) || type === 'overlay')) left.add(point)
    }
  } catch {
    // Without it the names above are all that is left out.
  }
  return (folder) => left.has(folder)
}

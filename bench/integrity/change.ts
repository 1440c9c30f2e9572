import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  lchownSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import type { Tree } from './tree.ts'

export const KINDS = [
  'content',
  'rewritten in place, times set back',
  'mode',
  'owner',
  'times',
  'attribute',
  'ACL',
  'removed',
  'added',
  'renamed',
  'replaced by rename',
  'second name',
  'symbolic link',
  'folder added',
  'folder renamed',
] as const

/** One change at random, of the kind. @returns the paths that are not as they were. */
export function change(kind: (typeof KINDS)[number], tree: Tree, draw: (below: number) => number, number: number): string[] {
  const { files, links, folders } = tree
  const at = draw(files.length)
  const path = files[at]!
  switch (kind) {
    case 'content':
      appendFileSync(path, `${number}\n`)
      return [path]
    case 'rewritten in place, times set back': {
      const { size, atime, mtime } = statSync(path)
      writeFileSync(path, String(number % 10).repeat(size))
      utimesSync(path, atime, mtime)
      return [path]
    }
    case 'mode':
      chmodSync(path, statSync(path).mode ^ 0o111)
      return [path]
    case 'owner':
      lchownSync(path, 1 + draw(60_000), 1 + draw(60_000))
      return [path]
    case 'times':
      utimesSync(path, number, 1_000_000 + number)
      return [path]
    case 'attribute':
      execFileSync('setfattr', ['-n', 'user.mark', '-v', String(number), path])
      return [path]
    case 'ACL':
      execFileSync('setfacl', ['-m', `u:${2 + draw(60_000)}:r`, path])
      return [path]
    case 'removed':
      unlinkSync(path)
      files.splice(at, 1)
      return [path]
    case 'added':
      writeFileSync(`${path}.new-${number}`, String(number))
      files.push(`${path}.new-${number}`)
      return [`${path}.new-${number}`]
    case 'renamed':
      renameSync(path, `${path}.moved-${number}`)
      files[at] = `${path}.moved-${number}`
      return [path, files[at]!]
    case 'replaced by rename':
      writeFileSync(`${path}.tmp`, `new ${number}`)
      renameSync(`${path}.tmp`, path)
      return [path]
    case 'second name':
      linkSync(path, `${path}.too-${number}`)
      return [path, `${path}.too-${number}`]
    case 'symbolic link': {
      const link = links[draw(links.length)]!
      rmSync(link, { force: true })
      symlinkSync(`/nowhere/${number}`, link)
      return [link]
    }
    case 'folder added': {
      const folder = `${folders[draw(folders.length)]!}/more-${number}`
      mkdirSync(folder)
      writeFileSync(`${folder}/inside`, String(number))
      return [folder, `${folder}/inside`]
    }
    case 'folder renamed': {
      const which = draw(folders.length)
      const old = folders[which]!
      const next = `${old}.moved-${number}`
      renameSync(old, next)
      folders[which] = next
      const gone: string[] = []
      for (const list of [files, links])
        for (const [i, one] of list.entries())
          if (one.startsWith(`${old}/`)) {
            gone.push(one)
            list[i] = next + one.slice(old.length)
            gone.push(list[i]!)
          }
      return [old, next, ...gone]
    }
  }
}

import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Numbers that are the same in each run (mulberry32). */
export function drawn(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

export interface Tree {
  readonly files: string[]
  readonly links: string[]
  readonly folders: string[]
}

const IN_A_FOLDER = 100

/** Files of one to eight kilobytes, a hundred in a folder; every hundredth with a symbolic link, every two hundredth with a second name. */
export function makeTree(root: string, count: number, draw: (below: number) => number): Tree {
  const tree: Tree = { files: [], links: [], folders: [] }
  const filling = Buffer.from('What stands in a file is of no consequence here, only that it is read. '.repeat(120))
  for (let i = 0; i < count; i++) {
    const folder = join(root, `area-${Math.floor(i / IN_A_FOLDER / 50)}`, `part-${Math.floor(i / IN_A_FOLDER)}`)
    if (i % IN_A_FOLDER === 0) {
      mkdirSync(folder, { recursive: true })
      tree.folders.push(folder)
    }
    const path = join(folder, `file-${i}.txt`)
    writeFileSync(path, `${i}\n${filling.toString('latin1', 0, 1_000 + draw(7_000))}`)
    tree.files.push(path)
    if (i % 100 === 0) {
      symlinkSync(path, join(folder, `link-${i}`))
      tree.links.push(join(folder, `link-${i}`))
    }
    if (i % 200 === 0) linkSync(path, join(folder, `second-${i}`))
  }
  const marked = tree.files.filter((_, i) => i % 50 === 0)
  for (let i = 0; i < marked.length; i += 500) {
    execFileSync('setfattr', ['-n', 'user.origin', '-v', 'bench', ...marked.slice(i, i + 500)])
    execFileSync('setfacl', ['-m', 'u:1:r', ...marked.slice(i, i + 500)])
  }
  return tree
}

import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'

/** A name in a folder that is held open: nobody can put another folder in its place meanwhile. */
export interface HeldName {
  /** The folder as it is, links resolved, and the name in it. */
  readonly path: string
  readonly name: string
  /** The path by which the held folder is reached (proc(5), `/proc/self/fd`), with this name or another. */
  readonly at: (name?: string) => string
  readonly close: () => Promise<void>
}

/** @throws KanpekiError `not_found` where the folder is not there. */
export async function holdName(path: string): Promise<HeldName> {
  const name = basename(path)
  let folder: FileHandle
  let real: string
  try {
    real = await realpath(dirname(path))
    folder = await open(real, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    throw new KanpekiError('not_found', `The folder of ${path} cannot be opened: ${(error as NodeJS.ErrnoException).code ?? ''}.`)
  }
  return {
    path: `${real === '/' ? '' : real}/${name}`,
    name,
    at: (other = name) => `/proc/self/fd/${folder.fd}/${other}`,
    close: () => folder.close(),
  }
}

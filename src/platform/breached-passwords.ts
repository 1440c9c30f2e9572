import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../kernel/error.ts'

const HASH_LENGTH = 40
const LONGEST_LINE = 64
const LINE = /^[0-9A-Fa-f]{40}(:\d+)?\r?$/

const PREFIX_LENGTH = 5
const SUFFIX_LINE = /^[0-9A-Fa-f]{35}(:\d+)?\r?$/

/**
 * Whether a password stands in a list of breached ones, in one of the forms in which Have I Been Pwned hands them out: a text
 * file of `SHA1[:COUNT]` lines in the order of the hashes, or a folder with a file for each first five digits (`21BD1` or
 * `21BD1.txt`), of lines without these. A file is searched, not read (forty gigabytes stay on disk), and nothing of the password
 * leaves this host.
 * @throws KanpekiError `breached_list` if the list cannot be read or has another form.
 */
export async function isBreachedPassword(password: string, list: string): Promise<boolean> {
  const hash = createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase()
  const found = await stat(list).catch((error: unknown) => {
    throw unreadable(list, messageOf(error))
  })
  return found.isDirectory() ? await isInFolder(hash, list) : await isInFile(hash, list)
}

/** A download that is not whole says nothing about the prefixes it lacks. */
async function isInFolder(hash: string, folder: string): Promise<boolean> {
  const prefix = hash.slice(0, PREFIX_LENGTH)
  const suffix = hash.slice(PREFIX_LENGTH)
  for (const name of [prefix, `${prefix}.txt`]) {
    const text = await readFile(join(folder, name), 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw unreadable(join(folder, name), error.message)
    })
    if (text === undefined) continue
    const lines = text.split('\n').filter((line) => line !== '')
    const wrong = lines.findIndex((line) => !SUFFIX_LINE.test(line))
    if (wrong >= 0) throw unreadable(join(folder, name), `not a line of 35 digits and :COUNT at line ${wrong + 1}`)
    return lines.some((line) => line.slice(0, suffix.length).toUpperCase() === suffix)
  }
  throw unreadable(folder, `no file for the hashes that begin with ${prefix}`)
}

async function isInFile(hash: string, file: string): Promise<boolean> {
  let handle: FileHandle
  try {
    handle = await open(file, 'r')
  } catch (error) {
    throw unreadable(file, messageOf(error))
  }
  try {
    let low = 0
    let high = (await handle.stat()).size
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const { start, text, end } = await lineFrom(handle, middle, file)
      if (text === '') {
        high = middle
        continue
      }
      const found = text.slice(0, HASH_LENGTH).toUpperCase()
      if (found === hash) return true
      if (found < hash) low = end
      else high = Math.min(middle, start)
    }
    return false
  } finally {
    await handle.close()
  }
}

/** The line that `at` lies in. */
async function lineFrom(
  handle: FileHandle,
  at: number,
  file: string,
): Promise<{ readonly start: number; readonly text: string; readonly end: number }> {
  const from = Math.max(0, at - LONGEST_LINE)
  const buffer = Buffer.alloc(LONGEST_LINE * 2 + 1)
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from)
  const bytes = buffer.subarray(0, bytesRead)
  const before = bytes.lastIndexOf(0x0a, at - from - 1)
  const first = at === from ? 0 : before < 0 ? (from === 0 ? 0 : -1) : before + 1
  const newline = bytes.indexOf(0x0a, at - from)
  const last = newline < 0 ? bytesRead : newline
  const text = bytes.toString('latin1', Math.max(first, 0), last)
  if (first < 0 || (text !== '' && !LINE.test(text))) throw unreadable(file, `not a line of SHA1:COUNT at byte ${at}`)
  return { start: from + first, text: text.trimEnd(), end: from + last + 1 }
}

function unreadable(file: string, why: string): KanpekiError {
  return new KanpekiError('breached_list', `The list of breached passwords cannot be searched: ${why}.`, {
    place: { file },
    remedy: 'It must be a text file of SHA1:COUNT lines, ordered by hash, or a folder of such files by prefix.',
  })
}

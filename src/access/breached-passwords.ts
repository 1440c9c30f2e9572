import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { KanpekiError, messageOf } from '../kernel/error.ts'

const HASH_LENGTH = 40
const LONGEST_LINE = 64
const LINE = /^[0-9A-Fa-f]{40}(:\d+)?\r?$/

/**
 * Refuses a password that stands in a list of breached ones: a text file of `SHA1[:COUNT]` lines in the order of the
 * hashes, as Have I Been Pwned hands them out. The file is searched, not read (forty gigabytes stay on disk), and
 * nothing of the password leaves this host.
 * @throws KanpekiError `breached_password`; `breached_list` if the file cannot be read or has another form.
 */
export async function refuseBreachedPassword(password: string, file: string): Promise<void> {
  if (!(await isListed(createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase(), file))) return
  throw new KanpekiError('breached_password', 'This password has leaked somewhere before: attackers try it first.', {
    remedy: 'Take another, and change it wherever else it is used.',
  })
}

async function isListed(hash: string, file: string): Promise<boolean> {
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
    remedy: 'The setting breached-passwords wants a text file of SHA1:COUNT lines, ordered by hash.',
  })
}

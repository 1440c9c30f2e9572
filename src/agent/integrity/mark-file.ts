import { open } from 'node:fs/promises'
import { moveDurably } from '../../platform/atomic-file.ts'

const AT_ONCE = 500

/** Replaces a file of lines, each a path with its mark, in one step; never all of it in memory. */
export async function writeMarks(file: string, marks: Iterable<readonly [path: string, mark: string]>): Promise<void> {
  const temporary = `${file}.tmp`
  const handle = await open(temporary, 'w', 0o600)
  try {
    let lines = ''
    let held = 0
    for (const entry of marks) {
      lines += `${JSON.stringify(entry)}\n`
      held += 1
      if (held < AT_ONCE) continue
      await handle.write(lines)
      lines = ''
      held = 0
    }
    await handle.write(lines)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await moveDurably(temporary, file)
}

/** Reads such lines into `marks`; a mark of null takes the path away. @returns how many bytes, undefined where there is no such file. */
export async function readMarksFile(file: string, marks: Map<string, string>): Promise<number | undefined> {
  let handle: Awaited<ReturnType<typeof open>>
  try {
    handle = await open(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  let bytes = 0
  for await (const line of handle.readLines({ autoClose: true })) {
    bytes += line.length + 1
    // The last line of a journal may have been cut by a crash.
    if (!line.endsWith(']')) continue
    const [path, mark] = JSON.parse(line) as [string, string | null]
    if (mark === null) marks.delete(path)
    else marks.set(path, mark)
  }
  return bytes
}

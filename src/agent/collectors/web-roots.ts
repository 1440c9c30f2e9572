import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { basename, dirname, extname } from 'node:path'
import type { Collector, CollectorContext } from '../collector.ts'
import { userNames } from './accounts.ts'
import { hashFile } from './file-hash.ts'
import { filesBelow } from './files-below.ts'
import { createTouches } from './touches.ts'
import { watchFolders } from './watch-folders.ts'

/** What web servers run, by the end of its name. */
const LANGUAGES: ReadonlyMap<string, string> = new Map([
  ...['.php', '.php3', '.php4', '.php5', '.php7', '.php8', '.phtml', '.pht', '.phar', '.inc'].map((end) => [end, 'php'] as const),
  ...['.jsp', '.jspx', '.jspf', '.war'].map((end) => [end, 'jsp'] as const),
  ...['.asp', '.aspx', '.ashx', '.asmx', '.cer', '.asa'].map((end) => [end, 'asp'] as const),
  ...['.cgi', '.pl', '.pm'].map((end) => [end, 'perl'] as const),
  ...['.py', '.rb', '.lua', '.sh', '.cfm'].map((end) => [end, end.slice(1)] as const),
])
/** Written within another file's name, or one without any: its beginning says what it is. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/<\?(?:php|=)/i, 'php'],
  [/^#!.{0,40}\b(?:perl|python|php|ruby|bash|sh)\b/, 'script'],
  [/<%(?:@|\s*(?:page|eval|Runtime|execute))/i, 'jsp'],
]

/**
 * Calls by which a page runs commands or code, or reads what its caller sends, each with the beginning of what it is given. No more
 * of a script leaves the host: pages hold passwords.
 */
const CALLS =
  /\b(?:eval|assert|system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|create_function|call_user_func(?:_array)?|preg_replace|array_map|array_filter|usort|include|require|include_once|require_once|base64_decode|gzinflate|gzuncompress|str_rot13|convert_uudecode|hex2bin|pack|chr|move_uploaded_file|file_put_contents|fsockopen|ProcessBuilder|getRuntime|defineClass|newInstance|Execute|ExecuteGlobal|CreateObject|Process\.Start|subprocess\.\w+|os\.(?:system|popen))\s*\(?[^;\n]{0,100}|`[^`\n]{0,80}\$[^`\n]{0,80}`|\$_(?:GET|POST|REQUEST|COOKIE|SERVER|FILES)\s*\[[^\]\n]{0,40}\]\s*\([^;\n]{0,60}/g
const MOST_CALLS = 40
const LONGEST = 160

/** Beginning and end of a script are read; a shell may hide behind a page. */
const READ = 262_144
/** So long a file is left alone after its last change. */
const SETTLE_MS = 150
/** A root that is not there yet is looked for again. */
const AGAIN_MS = 60_000
const MOST_KNOWN = 200_000

/** What a script calls, bounded. */
export function callsIn(text: string): string[] {
  const found: string[] = []
  for (const [call] of text.matchAll(CALLS)) {
    found.push(call.replaceAll(/\s+/g, ' ').slice(0, LONGEST))
    if (found.length >= MOST_CALLS) break
  }
  return found
}

/** The language of a file that a web server may run; undefined for pictures, styles, pages. */
export const languageOf = (path: string, text: string): string | undefined =>
  LANGUAGES.get(extname(path).toLowerCase()) ?? BEGINNINGS.find(([pattern]) => pattern.test(text))?.[1]

async function readEnds(path: string): Promise<{ text: string; size: number }> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { size } = await file.stat()
    const head = Buffer.alloc(Math.min(size, READ))
    await file.read(head, 0, head.length, 0)
    const tail = Buffer.alloc(Math.min(Math.max(size - READ, 0), READ))
    await file.read(tail, 0, tail.length, size - tail.length)
    return { text: `${head.toString('latin1')}\n${tail.toString('latin1')}`, size }
  } finally {
    await file.close()
  }
}

/** Scripts that come or change below the roots of web sites, with what they call. What was there at the start is the site. */
export function webRootCollector(roots: readonly string[], passwd: string): Collector {
  const nameOf = userNames(passwd)

  async function look(path: string, root: string, known: Map<string, string>, context: CollectorContext): Promise<void> {
    const entry = await lstat(path).catch(() => undefined)
    if (entry?.isFile() !== true) return void known.delete(path)
    const mark = `${entry.ino} ${entry.size} ${entry.mtimeMs}`
    const before = known.get(path)
    if (before === mark) return
    if (known.size < MOST_KNOWN || before !== undefined) known.set(path, mark)
    try {
      const { text, size } = await readEnds(path)
      const language = languageOf(path, text)
      if (language === undefined) return
      const type = before === undefined ? 'creation' : 'change'
      const owner = nameOf(entry.uid)
      context.emit({
        event: { kind: 'event', category: ['file'], type: [type], action: 'web-script-written' },
        file: {
          path,
          name: basename(path),
          directory: dirname(path),
          size,
          mode: (entry.mode & 0o7777).toString(8).padStart(4, '0'),
          uid: String(entry.uid),
          ...(owner === undefined ? {} : { owner }),
          hash: { sha256: await hashFile(path) },
        },
        kanpeki_agent: { web_script: { root, below: path.slice(root.length), language, calls: callsIn(text) } },
      })
    } catch {
      context.count('webRoots.unread')
    }
  }

  return {
    id: 'web-roots',
    async run(context) {
      const { signal, count } = context
      const known = new Map<string, string>()
      const touches = createTouches<string>(signal)
      const opened = new Map<string, ReturnType<typeof watchFolders>>()

      const begin = async (root: string, late: boolean): Promise<void> => {
        if (opened.has(root) || (await lstat(root).catch(() => undefined))?.isDirectory() !== true) return
        const watched = watchFolders({
          touched: (path) => touches.add(path, root),
          failed: () => count('webRoots.watchFailed'),
          ignored: () => false,
        })
        opened.set(root, watched)
        await watched.root(root)
        for await (const path of filesBelow(root)) {
          // A root that came while the agent ran is new with all that it holds.
          if (late) touches.add(path, root)
          else if (known.size < MOST_KNOWN) {
            const entry = await lstat(path).catch(() => undefined)
            if (entry !== undefined) known.set(path, `${entry.ino} ${entry.size} ${entry.mtimeMs}`)
          }
        }
      }
      try {
        for (const root of roots) await begin(root, false)
        for (let asked = performance.now(); !signal.aborted; ) {
          const touched = await touches.next(SETTLE_MS, AGAIN_MS)
          if (performance.now() - asked > AGAIN_MS) {
            asked = performance.now()
            for (const root of roots) await begin(root, true)
          }
          for (const [path, root] of touched) {
            const entry = await lstat(path).catch(() => undefined)
            if (entry?.isDirectory() === true) {
              opened.get(root)?.add(path)
              for await (const below of filesBelow(path)) {
                opened.get(root)?.add(dirname(below))
                await look(below, root, known, context)
              }
            } else await look(path, root, known, context)
          }
        }
      } finally {
        for (const watched of opened.values()) watched.close()
      }
    },
  }
}

/**
 * Bundles the server and the commands from src/ into dist/: the modules that are started by name keep their place
 * (dist/cli/main.js, each thread and child process, the middleware), all others become chunks. A start that opened two
 * thousand files spent a third of its time on opening them.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build, type Plugin } from 'vite'

const SOURCES = resolve('src')
const TARGET = resolve('dist')
/** What this program wrote last, so that it knows its own leftovers. */
const MANIFEST = '.bundle.json'
/** What runs may still load files of an earlier build at their first use. */
const LEFT_FOR_MS = 7 * 86_400_000
const MIDDLEWARE = 'protect/middleware'
/** What is started or imported by its path from outside: the command, and what applications take in (docs/protect.md). */
const DOORS = [
  'cli/main',
  ...readdirSync(join(SOURCES, MIDDLEWARE))
    .filter((file) => /(?<!\.test)\.ts$/.test(file))
    .map((file) => `${MIDDLEWARE}/${file.replace(/\.ts$/, '')}`),
]
/** Many small modules, all of them read at each start. Whatever else we depend on stays a package of its own. */
const TAKEN_IN = ['kysely', 'yaml', 'zod']

/** The modules that run as a thread or a process of their own: whoever starts one names it by `workerUrl`. */
function workers(): readonly string[] {
  return readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(SOURCES, file), 'utf8')
      const named = [...text.matchAll(/\bworkerUrl\(\s*import\.meta\.url,\s*'([^']+)',?\s*\)/g)]
      const asked = [...text.matchAll(/(?<!function )\bworkerUrl\(/g)]
      if (named.length !== asked.length) throw new Error(`src/${file} starts a module whose name cannot be read from its text`)
      return named.map((found) => join(dirname(file), found[1] ?? ''))
    })
}

/** A module goes on finding what lies beside its source, wherever its code was put. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  transform(code, id) {
    if (!id.startsWith(SOURCES) || !code.includes('import.meta.url')) return null
    const place = relative(SOURCES, id).replace(/\.ts$/, '.js')
    return { code: code.replaceAll('import.meta.url', `__PLACE__("${place}")`), map: null }
  },
  renderChunk(code, { fileName }) {
    if (!code.includes('__PLACE__')) return null
    const up = relative(dirname(fileName), '') || '.'
    return {
      code: code.replaceAll(/__PLACE__\("([^"]+)"\)/g, (_, place) => `new URL("${up}/${place}", import.meta.url).href`),
      map: null,
    }
  },
}

/**
 * As a module, `node:http` is asked for all it has when it is loaded, WebSocket among it, and that loads the whole of undici:
 * fifty milliseconds in every thread and child process.
 */
const askHttpLess: Plugin = {
  name: 'ask-http-less',
  renderChunk(code) {
    const asked = code.replace(
      /^import \{([^}]+)\} from ["']node:http["'];?$/m,
      (_, names: string) => `const {${names.replaceAll(' as ', ': ')}} = process.getBuiltinModule("node:http");`,
    )
    return asked === code ? null : { code: asked, map: null }
  },
}

const built = await build({
  configFile: false,
  logLevel: 'warn',
  plugins: [keepPlaces, askHttpLess],
  publicDir: false,
  ssr: { noExternal: TAKEN_IN, target: 'node' },
  build: {
    write: false,
    ssr: true,
    target: 'node24',
    sourcemap: true,
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries([...DOORS, ...workers()].map((name) => [name, join(SOURCES, `${name}.ts`)])),
      output: {
        dir: TARGET,
        format: 'es',
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name]-[hash].js',
      },
    },
  },
})
const outputs = (Array.isArray(built) ? built : [built]).flatMap((one) => ('output' in one ? one.output : []))
const files = new Map<string, string>()
// Doors come last: what they lead to is there when somebody enters.
for (const one of outputs.toSorted((a, b) => Number('isEntry' in a && a.isEntry) - Number('isEntry' in b && b.isEntry)))
  files.set(one.fileName, one.type === 'chunk' ? one.code : withoutSources(one.fileName, String(one.source)))

for (const [name, text] of files) put(name, text)
// What V8 made of chunks that are no more.
rmSync(join(TARGET, '.compiled'), { recursive: true, force: true })
put('licences.txt', TAKEN_IN.map(licenceOf).join('\n\n'))
forgetEarlier([...files.keys()])

/** The sources lie beside dist/, or are read where they are kept. */
function withoutSources(name: string, text: string): string {
  if (!name.endsWith('.map')) return text
  return JSON.stringify({ ...JSON.parse(text), sourcesContent: undefined })
}

function licenceOf(name: string): string {
  const folder = join('node_modules', name)
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  if (file === undefined) throw new Error(`${name} has no licence to pass on`)
  return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
}

/** What is started meanwhile reads the old file or the new one. */
function put(name: string, text: string): void {
  const file = join(TARGET, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

interface Manifest {
  readonly current: readonly string[]
  /** Of earlier builds; the time of each file is when it was left. */
  readonly left: readonly string[]
}

function forgetEarlier(names: readonly string[]): void {
  const before = readManifest()
  const now = new Date()
  const isGone = (name: string): boolean => names.includes(name) || !existsSync(join(TARGET, name))
  const leftNow = before.current.filter((name) => !isGone(name))
  for (const name of leftNow) utimesSync(join(TARGET, name), now, now)
  const isOld = (name: string): boolean => now.getTime() - statSync(join(TARGET, name)).mtimeMs > LEFT_FOR_MS
  const left = before.left.filter((name) => !isGone(name))
  for (const name of left.filter(isOld)) rmSync(join(TARGET, name))
  put(
    MANIFEST,
    JSON.stringify({ current: names, left: [...leftNow, ...left.filter((name) => !isGone(name))] } satisfies Manifest),
  )
}

function readManifest(): Manifest {
  const file = join(TARGET, MANIFEST)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : { current: [], left: [] }
}

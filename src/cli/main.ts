import { createRequire, enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../kernel/error.ts'
import { redact } from '../platform/log.ts'
import { commands } from './commands.ts'
import { surviveBrokenStreams } from './standard-streams.ts'
import { plainLines } from './terminal-text.ts'

keepCompiled()
surviveBrokenStreams()

/**
 * What V8 compiled lies beside what it compiled, for threads and child processes too. In the system's folder of temporary files
 * anybody could lay code there for us to run. Where it cannot be written, all is compiled anew.
 */
function keepCompiled(): void {
  if (!import.meta.url.endsWith('.js')) return
  const { directory } = enableCompileCache(fileURLToPath(new URL('../.compiled', import.meta.url)))
  // Where it was given by the environment, threads and processes have it from there.
  if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= directory
}

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(([name, entry]) => `  ${name.padEnd(width)}  ${entry.summary}`)
  return `Usage: kanpeki COMMAND …\n\n${lines.join('\n')}\n\n'kanpeki COMMAND --help' tells more.\n`
}

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2)
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage())
    return name === undefined ? 64 : 0
  }
  if (name === '--version' || name === 'version') {
    const manifest = createRequire(import.meta.url)('../../package.json') as { version: string }
    process.stdout.write(`kanpeki ${manifest.version} (Node ${process.versions.node})\n`)
    return 0
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry === undefined) {
    process.stderr.write(`kanpeki: there is no command '${name}'.\n\n${usage()}`)
    return 64
  }
  const command = await entry.load()
  return await command(args)
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`kanpeki: ${plainLines(redact(messageOf(error)))}\n`)
    process.exitCode = 70
  },
)

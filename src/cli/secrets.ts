import { rotateSecrets } from '../app/rotate-secrets.ts'
import { KanpekiError } from '../kernel/error.ts'
import { readConfig } from '../platform/config.ts'
import { EXIT, guarded, readOptions } from './options.ts'

const USAGE = `Usage: kanpeki secrets rotate [--data DIR]
Seals every stored secret with a new key. The server must be stopped. With a key file the new key is made here; a key from
KANPEKI_SEAL_KEY or seal-key-command is given as NEW,OLD, and OLD may be dropped afterwards. Run it again if it was interrupted.`

export function secretsCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        strict: true,
        allowPositionals: true,
        options: { data: { type: 'string', default: './data' }, help: { type: 'boolean', short: 'h', default: false } },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(`${USAGE}\n`)
      return EXIT.ok
    }
    if (positionals.join(' ') !== 'rotate') throw new KanpekiError('usage', 'Say what to do.', { remedy: `\n${USAGE}` })
    const done = await rotateSecrets(readConfig(values.data, {}, process.env), process.env, (step) =>
      process.stderr.write(`kanpeki: ${step}\n`),
    )
    process.stdout.write(
      `${done.values} values are sealed with the key ${done.to}; ${done.from.join(', ')} opens nothing any more.\n`,
    )
    return EXIT.ok
  })
}

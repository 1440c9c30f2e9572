import { statSync } from 'node:fs'
import { goBack } from '../app/care/go-back.ts'
import { openOwnState, pendingSteps } from '../app/care/open-own-state.ts'
import { VERSION } from '../app/version.ts'
import { KanpekiError } from '../kernel/error.ts'
import { readConfig } from '../platform/config.ts'
import { dataDir, lockDataDir } from '../platform/data-dir.ts'
import { EXIT, guarded, readOptions } from './options.ts'

const USAGE = `Usage: kanpeki upgrade [--data DIR] [--check | --back [--accept-loss]] [--json]

Brings the state of a stopped server to this version's schema, all or nothing; 'kanpeki up' does the same by itself. The
state as it was before is kept in DIR/backups (the last three).

  --data DIR     the data folder (default ./data)
  --check        only say what would be done; exit 1 if there is something
  --back         go back to the schema from before the last upgrade, for the older version. The ledger stays as it is,
                 and so do the rows that the older schema can hold
  --accept-loss  go back even if people did something that it cannot hold: its evidence stays, its rows do not
  --json         the result as one JSON object
`

export function upgradeCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values } = readOptions(
      {
        args: [...args],
        strict: true,
        options: {
          data: { type: 'string', default: './data' },
          check: { type: 'boolean', default: false },
          back: { type: 'boolean', default: false },
          'accept-loss': { type: 'boolean', default: false },
          json: { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(USAGE)
      return EXIT.ok
    }
    if (values.check && values.back)
      throw new KanpekiError('usage', 'Give --check or --back, not both.', { remedy: `\n${USAGE}` })
    const config = readConfig(values.data, {}, process.env)
    if (!statSync(config.data, { throwIfNoEntry: false })?.isDirectory())
      throw new KanpekiError('usage', `There is no folder ${config.data}.`, { remedy: 'Give the data folder with --data DIR.' })
    const say = (result: object, text: string): void => {
      process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${text}\n`)
    }
    if (values.check) {
      const steps = (await pendingSteps(config)) ?? []
      say(
        { version: VERSION, steps },
        steps.length === 0 ? `Nothing to do for ${VERSION}.` : `${VERSION} would add:\n  ${steps.join('\n  ')}`,
      )
      return steps.length === 0 ? EXIT.ok : EXIT.failed
    }
    const lock = await lockDataDir(dataDir(config.data))
    try {
      if (values.back) {
        const { to, kept, reset, lost } = await goBack(config, values['accept-loss'])
        say(
          { to: to.name, kept: kept.name, reset, lost },
          `The state has the schema from before ${to.by} upgraded it, at ${to.made}. Start the older version now.\n${reset.length === 0 ? 'All rows were taken along.' : `Rows from before the upgrade, since the older schema cannot hold the newer ones: ${reset.join(', ')}. All others were taken along.`}\nThe ledger was not touched; the older version goes on after it. The newer state is kept in ${kept.folder}.`,
        )
        return EXIT.ok
      }
      const { state, upgrade } = await openOwnState(config)
      await state.close()
      const steps = upgrade?.steps ?? []
      say(
        { version: VERSION, steps, kept: upgrade?.kept.name ?? null },
        upgrade === undefined
          ? `Nothing to do for ${VERSION}.`
          : `Upgraded to ${VERSION}:\n  ${steps.join('\n  ')}\nThe state as it was is kept in ${upgrade.kept.folder}; 'kanpeki upgrade --back' puts it back.`,
      )
      return EXIT.ok
    } finally {
      lock.release()
    }
  })
}

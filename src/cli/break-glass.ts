import { BREAK_GLASS_NAME, keepBreakGlass, newBreakGlassPassword } from '../access/break-glass.ts'
import { hashPassword } from '../access/password.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { changeAccess, withNewState } from './own-state.ts'

const USAGE = `Usage: kanpeki break-glass create [--data DIR]
Makes the emergency account '${BREAK_GLASS_NAME}', or gives it a new password: administrator of everything, without a second
factor. Prints only the password, once: print it, seal it in an envelope, and rehearse its use. Each use raises a critical alert.`

export function breakGlassCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        allowPositionals: true,
        options: { data: { type: 'string', default: './data' }, help: { type: 'boolean', short: 'h', default: false } },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(`${USAGE}\n`)
      return EXIT.ok
    }
    if (positionals.join(' ') !== 'create') throw new KanpekiError('usage', 'Say what to do.', { remedy: `\n${USAGE}` })
    const password = newBreakGlassPassword()
    const hash = await hashPassword(password)
    const renewed = await withNewState(values.data, (state) =>
      changeAccess(state, DEFAULT_SCOPE, async (db, now) => {
        const kept = await keepBreakGlass(db, hash, now)
        const action = kept.renewed ? 'break-glass.renew' : 'break-glass.create'
        return { result: kept.renewed, action, body: { account: kept.id, name: BREAK_GLASS_NAME } }
      }),
    )
    process.stdout.write(`${password}\n`)
    const done = renewed ? 'has a new password, and its sessions have ended' : 'is made'
    process.stderr.write(`kanpeki: the account ${BREAK_GLASS_NAME} ${done}. This is its password; it is not told again.\n`)
    return EXIT.ok
  })
}

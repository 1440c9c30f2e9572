import { z } from 'zod'
import type { Action, ActionContext } from '../../../kernel/action.ts'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import { runOver } from '../../actions-support/ssh.ts'
import type { Connections } from '../../connections/connections.ts'
import type { ConnectionOf } from '../../connections/schema.ts'

const input = z.strictObject({
  argv: z.array(z.string().max(10_000)).min(1).max(200),
  /** Names, addresses or host names of the step's targets; the only connection where empty. */
  on: z.array(z.string().max(300)).max(50),
})
type Input = z.infer<typeof input>

/**
 * CACAO's `ssh`, through the system's own client: one program with its words on a host that is set up as a connection, whose host key
 * is pinned there and whose private key is in the sealed store. The other side's shell is given every word in quotes, so that pipes,
 * redirections and `$` mean nothing there either; no other file of settings or keys of this host is read, and nothing is forwarded.
 */
export function sshCommand(connections: Connections, outgoing: Pick<Outgoing, 'addressesOf'>): Action {
  const chosen = async ({ on }: Input, scope: string): Promise<ConnectionOf<'ssh'>> => {
    const all = await connections.of(scope, ['ssh'])
    const fit = on.length === 0 ? all : all.filter(({ name, settings }) => on.includes(name) || on.includes(settings.host))
    if (fit.length === 1) return fit[0]!
    throw new KanpekiError(
      'no_connection',
      fit.length === 0 ? 'No connection of kind ssh is for this target.' : 'Several connections of kind ssh would do.',
      { remedy: 'Give the step one target of type ssh whose name is that of a connection, or its address.' },
    )
  }
  const action: Action<Input> = {
    id: 'ssh',
    title: { en: 'Program on another host (SSH)', ja: '別ホストでのプログラム実行（SSH）' },
    input,
    repeats: 'once',
    async plan(asked, { scope }) {
      const { name, settings } = await chosen(asked, scope)
      const text = asked.argv.join(' ').slice(0, 500)
      return {
        summary: { en: `Run on ${name} (${settings.host}): ${text}`, ja: `${name}（${settings.host}）で実行：${text}` },
        targets: [{ kind: 'host', name, also: [settings.host] }],
        reversible: false,
      }
    },
    async run(asked, { scope, signal }: ActionContext) {
      const connection = await chosen(asked, scope)
      return { outcome: 'done', detail: { on: connection.name, ...(await runOver(connection, asked.argv, outgoing, signal)) } }
    },
  }
  return action as Action
}

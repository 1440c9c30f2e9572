import { KanpekiError } from '../kernel/error.ts'
import { command } from './command.ts'
import { EXIT, SERVER_OPTIONS } from './options.ts'
import { callApi } from './remote.ts'
import { type ServerOptions, serverOf } from './server-of.ts'

const USAGE = `Usage: kanpeki ledger rotate-key [--json] [--data DIR | --url URL --token TOKEN [--ca FILE]]

Signs the ledger with a new key from now on. The old one signs the announcement and the checkpoint over it, and is gone then;
'kanpeki verify' follows from one to the other, whichever was trusted. The server must run. Tell those who keep the key:
it is printed. Other Kanpeki that cosign the ledger follow by themselves.`

interface Rotated {
  readonly from: string
  readonly to: string
  readonly index: number
}

export function ledgerCommand(args: readonly string[]): Promise<number> {
  return command(
    args,
    USAGE,
    {
      ...SERVER_OPTIONS,
      json: { type: 'boolean', default: false },
    },
    async ({ values, positionals }) => {
      if (positionals.join(' ') !== 'rotate-key') throw new KanpekiError('usage', 'Say what to do.', { remedy: `\n${USAGE}` })
      const rotated = await rotate(values)
      process.stdout.write(values.json ? `${JSON.stringify(rotated)}\n` : `${rotated.to}\n`)
      if (!values.json) process.stderr.write(`Entry ${rotated.index} announces it; until then it was ${rotated.from}\n`)
      return EXIT.ok
    },
  )
}

async function rotate(options: ServerOptions): Promise<Rotated> {
  const server = await serverOf(options, 'admin', 'command line')
  return callApi<Rotated>(server, server.token, 'POST', '/api/v1/ledger/rotate-key')
}

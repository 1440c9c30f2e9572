import { type Config, FLAG_SETTINGS, readConfig } from '../platform/config.ts'
import type { Log } from '../platform/log.ts'
import { type Kanpeki, serve } from '../server/serve.ts'
import { EXIT, guarded, readOptions } from './options.ts'
import { terminalLog } from './terminal-log.ts'

export const UP_USAGE = `Usage: kanpeki up [--data DIR] [--port N] [--compat-port N] [--syslog-port N] [--syslog-tls-port N] [--gelf-port N] [--memory SIZE] [--host ADDRESS] [--tls-cert FILE --tls-key FILE] [--json]
  --data DIR       where everything is kept (default ./data)
  --port N         HTTP port (default 7300; 0 takes any free one)
  --compat-port N  port for senders made for Elasticsearch, Splunk, OpenTelemetry or Loki (default none)
  --syslog-port N  UDP and TCP port for syslog (default none)
  --syslog-tls-port N
                   TCP port for syslog over TLS (default none)
  --gelf-port N    UDP and TCP port for GELF (default none)
  --memory SIZE    what the lake may use, e.g. 512 MB (the default) or 2 GB
  --host ADDRESS   address to listen on (default 127.0.0.1; 0.0.0.0 for all); anything but loopback speaks TLS
  --tls auto|on|off
                   whether to speak TLS (default auto: unless the address is loopback)
  --tls-cert FILE --tls-key FILE
                   your own certificate and key, PEM; without them Kanpeki makes a certificate
  --log auto|pretty|json
                   form of the log on standard error (default auto: pretty on a terminal, json elsewhere)
  --json           when ready, one line of JSON on standard output: {"url","signInUrl","pid"} and, where there is one, "compatUrl"`

export interface UpOptions {
  readonly config: Config
  readonly json: boolean
}

export function upOptions(args: readonly string[], usage = UP_USAGE): UpOptions | undefined {
  const { values } = readOptions(
    {
      args: [...args],
      strict: true,
      options: {
        data: { type: 'string', default: './data' },
        host: { type: 'string' },
        port: { type: 'string' },
        tls: { type: 'string' },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        'compat-port': { type: 'string' },
        'syslog-port': { type: 'string' },
        'syslog-tls-port': { type: 'string' },
        'gelf-port': { type: 'string' },
        memory: { type: 'string' },
        log: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    },
    usage,
  )
  if (values.help) {
    process.stdout.write(`${usage}\n`)
    return undefined
  }
  const flags = Object.fromEntries(FLAG_SETTINGS.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]])))
  return { config: readConfig(values.data, flags, process.env), json: values.json }
}

export function announce(kanpeki: Kanpeki, json: boolean): void {
  const { url, compatUrl, signInUrl, services } = kanpeki
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ url, ...(compatUrl === undefined ? {} : { compatUrl }), signInUrl, pid: process.pid })}\n`,
    )
    return
  }
  const first = signInUrl.includes('/setup?')
  process.stdout.write(
    [
      '',
      `  Kanpeki is ready at ${url}`,
      first
        ? `  Set the administrator's password (this link works once, for a day):\n    ${signInUrl}`
        : `  Sign in: ${signInUrl}`,
      ...(compatUrl === undefined ? [] : [`  Senders made for other products: ${compatUrl}`]),
      `  ${services.rules.loaded.length} rules run${services.rules.refused.length === 0 ? '' : `, ${services.rules.refused.length} were refused (see the log)`}. Data in ${services.dir.root}.`,
      '  Ctrl-C stops it without loss.',
      '',
      '',
    ].join('\n'),
  )
}

/** Resolves with the exit code once SIGTERM or SIGINT was obeyed. A second signal ends at once. */
export function untilStopped(kanpeki: Kanpeki, log: Log): Promise<number> {
  return new Promise((resolve) => {
    let asked = false
    const stop = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(EXIT.interrupted)
      asked = true
      log.info('stopping', { signal })
      kanpeki.stop().then(
        () => resolve(EXIT.ok),
        () => resolve(EXIT.failed),
      )
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

export function upCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const options = upOptions(args)
    if (options === undefined) return EXIT.ok
    const log = terminalLog(options.config.values.log)
    const kanpeki = await serve(options.config, log)
    // Whoever reads that we are ready may stop us at once.
    const stopped = untilStopped(kanpeki, log)
    announce(kanpeki, options.json)
    return await stopped
  })
}

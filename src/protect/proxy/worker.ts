import cluster from 'node:cluster'
import { messageOf } from '../../kernel/error.ts'
import { remoteJudge } from '../logins/judges.ts'
import { loadRuleSet } from './load-rule-set.ts'
import { remoteScan } from './remote-scan.ts'
import { serveGate } from './serve-gate.ts'
import { WafSettings } from './waf-settings.ts'
import { SETTINGS_VARIABLE, type SupervisorMessage, type WorkerMessage } from './worker-messages.ts'

const LOAD_FAILED = 3
/** Milliseconds that an attempt to sign in waits for its judgement. */
const JUDGE_TIME = 1000
/** And its end for the first process. */
const FAREWELL_TIME = 2000
/** And an upload for the YARA rules. */
const SCAN_TIME = 10_000

function tell(message: WorkerMessage): void {
  process.send?.(message)
}

/**
 * Ends this process, but not before the first one knows that it accepts nothing: a connection that was on its way here is then
 * turned back and goes to another worker; ended at once, it would take that connection along, and its client would wait for ever.
 */
function leave(): void {
  if (!process.connected) process.exit(0)
  setTimeout(() => process.exit(0), FAREWELL_TIME)
  tell({ kind: 'closed' })
}

/** One process that serves; its rules never change: a reload starts another and ends this one. */
function main(): void {
  const settings = WafSettings.parse(JSON.parse(process.env[SETTINGS_VARIABLE] ?? '{}'))
  const { waf, refused, inert, loaded } = loadRuleSet(settings.rules, settings.set)
  const { shadow } = settings
  const shadowSet = shadow === undefined ? undefined : loadRuleSet(shadow.rules, shadow.set)
  const judge = remoteJudge(tell, JUDGE_TIME)
  const uploads = remoteScan(tell, SCAN_TIME)
  const served = serveGate(
    settings,
    { waf, shadow: shadowSet?.waf },
    { warn: (text) => tell({ kind: 'warning', text }), judge, scan: uploads.scan },
  )
  const end = (retires: boolean) => {
    void served.close(retires).then(leave)
  }
  process.on('message', (message: SupervisorMessage) => {
    if (message === 'end') end(false)
    else if (message === 'retire') end(true)
    else if (message === 'reopen') served.reopenLogs()
    else if (message === 'farewell') process.disconnect()
    else if (message.kind === 'scanned' || message.kind === 'scan-fault') uploads.answered(message)
    else judge.answered(message)
  })
  // The terminal's signals reach every process of the group; the first one decides when this one ends.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  process.on('SIGHUP', () => {})
  process.on('disconnect', () => end(false))
  served.listener.server.on('error', (error) => {
    tell({ kind: 'failed', reason: messageOf(error) })
    process.exit(LOAD_FAILED)
  })
  served.listener.server.listen({ host: settings.listen.host, port: settings.listen.port, backlog: 4096 }, () => {
    tell({
      kind: 'ready',
      loaded,
      refused: [...refused, ...inert, ...(shadowSet?.refused ?? [])].map(
        ({ file, line, reason }) => `${file}:${line}: ${reason}`,
      ),
    })
  })
}

if (cluster.isWorker) {
  try {
    main()
  } catch (error) {
    process.send?.({ kind: 'failed', reason: messageOf(error) } satisfies WorkerMessage, () => process.exit(LOAD_FAILED))
  }
}

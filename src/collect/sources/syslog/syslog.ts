import { randomBytes } from 'node:crypto'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Source, SourceBatch, SourceContext } from '../../../kernel/plugin.ts'
import { joinMessages } from '../../join/lines.ts'
import { Mailbox } from '../../mailbox.ts'
import type { SyslogConfig } from './schema.ts'
import { listenTcp, type TcpListener, type TcpListening } from './tcp.ts'
import { listenUdp, type UdpListener } from './udp.ts'

const BATCH = { batchRecords: 2000, batchBytes: 1_048_576 }

/**
 * Syslog over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425); what the messages say (RFC 3164, 5424) is the parsers' business.
 *
 * A message's id is `syslog:START:CONNECTION:N`, START being new each time the listener opens: the protocol knows no
 * acknowledgement, so nothing that was received before a crash can come again, and nothing new may look like it.
 */
export const syslogSource: Source<SyslogConfig> = {
  id: 'syslog',
  async *open(config, context): AsyncGenerator<SourceBatch> {
    const mailbox = new Mailbox({ ...BATCH, lingerMs: config.lingerMs, maxBytes: config.maxBufferedBytes })
    const close = await listenBoth(config, context, mailbox)
    const stop = (): void => {
      void close().finally(() => mailbox.close())
    }
    if (context.signal.aborted) stop()
    else context.signal.addEventListener('abort', stop, { once: true })
    try {
      for (;;) {
        const mail = await mailbox.take()
        if (mail === undefined) return
        // Records of one audit event come one after the other, each in a message of its own.
        yield { ...mail, records: joinMessages(mail.records), acknowledge: () => {} }
      }
    } finally {
      context.signal.removeEventListener('abort', stop)
      await close()
    }
  },
}

async function listenBoth(config: SyslogConfig, context: SourceContext, mailbox: Mailbox): Promise<() => Promise<void>> {
  const instance = `${Date.now().toString(36)}${randomBytes(4).toString('hex')}`
  const problem: TcpListening['problem'] = (key, one) => context.problem?.(key, one)
  if (config.tls !== undefined && context.tls === undefined)
    throw new KanpekiError('no_tls', 'This server has no certificate, and the settings of this source ask for TLS.', {
      remedy: 'Set syslog-tls-port, or tls: on.',
    })
  const tls = config.tls === undefined ? undefined : context.tls
  let tcp: TcpListener | undefined
  let udp: UdpListener | undefined
  let closing: Promise<unknown> | undefined
  const close = async (): Promise<void> => {
    // UDP last, so that it goes on listening while connections deliver what is on its way.
    closing ??= (async () => {
      await tcp?.close()
      await udp?.close()
    })()
    await closing
  }
  try {
    if (config.tcp) tcp = await listenTcp({ config, instance, mailbox, problem, tls })
    if (config.udp) udp = await listenUdp(config, tcp?.port ?? config.port, instance, mailbox)
  } catch (error) {
    await close()
    throw error
  }
  context.log('syslog listens', { host: config.host, udp: udp?.port, tcp: tcp?.port, tls: config.tls })
  return close
}

import { randomBytes } from 'node:crypto'
import type { Source, SourceBatch, SourceContext } from '../../../kernel/plugin.ts'
import { Mailbox } from '../../mailbox.ts'
import type { GelfConfig } from './schema.ts'
import { listenTcp, type TcpListener } from './tcp.ts'
import { listenUdp, type UdpListener } from './udp.ts'

const BATCH = { batchRecords: 2000, batchBytes: 1_048_576 }

/**
 * GELF 1.1 (go2docs.graylog.org, "GELF Payload Specification") over UDP and TCP. It knows no acknowledgement: a message's id
 * is `gelf:START:CONNECTION:N`, so that nothing new looks like what came before.
 */
export const gelfSource: Source<GelfConfig> = {
  id: 'gelf',
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
        yield { ...mail, acknowledge: () => {} }
      }
    } finally {
      context.signal.removeEventListener('abort', stop)
      await close()
    }
  },
}

async function listenBoth(config: GelfConfig, context: SourceContext, mailbox: Mailbox): Promise<() => Promise<void>> {
  const instance = `${Date.now().toString(36)}${randomBytes(4).toString('hex')}`
  const onRefused = (connections: number, limit: string): void =>
    context.problem?.('connections', {
      code: 'connections_refused',
      text: `${connections} connections were refused: more than ${limit} at once`,
    })
  const incomplete = (messages: number): void =>
    context.problem?.('chunks', {
      code: 'chunks_missing',
      text: `${messages} messages were given up: chunks of them never came, or there was no room`,
    })
  let tcp: TcpListener | undefined
  let udp: UdpListener | undefined
  let closing: Promise<unknown> | undefined
  const close = async (): Promise<void> => {
    closing ??= (async () => {
      await tcp?.close()
      await udp?.close()
    })()
    await closing
  }
  try {
    if (config.tcp) tcp = await listenTcp(config, instance, mailbox, onRefused)
    if (config.udp) udp = await listenUdp(config, tcp?.port ?? config.port, instance, mailbox, incomplete)
  } catch (error) {
    await close()
    throw error
  }
  context.log('GELF listens', { host: config.host, udp: udp?.port, tcp: tcp?.port })
  return close
}

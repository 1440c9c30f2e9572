import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { KanpekiError } from '../../../kernel/error.ts'
import type { SourceProblem, SourceTls } from '../../../kernel/plugin.ts'
import { probePeer } from '../../../platform/probe-peer.ts'
import { limitAddresses } from '../../limit-addresses.ts'
import type { Mailbox } from '../../mailbox.ts'
import { unreadable } from '../../record.ts'
import { decodeText } from '../../text.ts'
import { type Frame, SyslogFramer } from './framing.ts'
import type { SyslogConfig } from './schema.ts'
import { createSecureServer } from './tls.ts'

/** How long open connections may still deliver what is on its way when the source stops. */
const DRAIN_MS = 500

export interface TcpListener {
  readonly port: number
  close(): Promise<void>
}

export interface TcpListening {
  readonly config: SyslogConfig
  /** Names this opening of the listener in the ids of records. */
  readonly instance: string
  readonly mailbox: Mailbox
  /** Says what needs a person, by the thing it is about. */
  readonly problem: (key: string, problem: SourceProblem) => void
  /** Given where the settings ask for TLS. */
  readonly tls: SourceTls | undefined
}

/** Syslog over TCP (RFC 6587) or TLS (RFC 5425). While the mailbox is full nothing is read, and the senders' windows close. */
export async function listenTcp(listening: TcpListening): Promise<TcpListener> {
  const { config, instance, mailbox, problem, tls } = listening
  const open = new Set<Socket>()
  let connections = 0
  let refused = 0
  const take = (socket: Socket): void => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    receive(socket, config, `syslog:${instance}:${connections++}`, mailbox)
  }
  const refuse = (limit: string): void =>
    problem('connections', {
      code: 'connections_refused',
      text: `${++refused} connections were refused: more than ${limit} at once`,
    })
  const failed = (text: string): void => problem('tls', { code: 'tls_refused', text })
  const demanded = config.tls === 'required'
  const timeoutMs = config.messageTimeoutMs
  const secure = tls === undefined ? undefined : createSecureServer({ tls, demanded, take, failed, timeoutMs })
  const server = secure?.server ?? createServer(take)
  server.on('connection', probePeer)
  server.maxConnections = config.maxConnections
  server.on('drop', () => refuse(String(config.maxConnections)))
  limitAddresses(server, config.maxConnections, (address, limit) => refuse(`${limit} from ${address}`))
  await listen(server, config)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open) socket.end()
      // Reset, not closed: into a closed connection a sender still writes its next message, which is then lost.
      const late = setTimeout(() => {
        secure?.reset()
        if (secure === undefined) for (const socket of open) socket.resetAndDestroy()
      }, DRAIN_MS)
      await closed
      clearTimeout(late)
      secure?.close()
    },
  }
}

function receive(socket: Socket, config: SyslogConfig, idPrefix: string, mailbox: Mailbox): void {
  const framer = new SyslogFramer(config.maxMessageBytes)
  const origin = socket.remoteAddress ?? 'unknown'
  let count = 0
  let timer: NodeJS.Timeout | undefined

  const deliver = ({ bytes, length, cut }: Frame): void => {
    const id = `${idPrefix}:${count++}`
    const { text } = decodeText(bytes)
    mailbox.push(cut === undefined ? { id, text, origin } : unreadable(id, text, cut, origin), length)
  }
  const stopClock = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  // Counted from the message's first byte: bytes that drip in do not buy more time.
  const startClock = (): void => {
    timer ??= setTimeout(() => socket.destroy(), config.messageTimeoutMs)
  }

  socket.on('data', (chunk: Buffer) => {
    const frames = framer.push(chunk)
    frames.forEach(deliver)
    if (frames.length > 0 || !framer.open) stopClock()
    if (mailbox.full) {
      // The sender waits for us now, not we for it.
      stopClock()
      socket.pause()
      mailbox.whenRoom(() => socket.resume())
    } else if (framer.open) startClock()
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    stopClock()
    framer.end().forEach(deliver)
  })
}

async function listen(server: Server, config: SyslogConfig): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(
        new KanpekiError('listen_failed', `TCP port ${config.port} of ${config.host} cannot be opened: ${error.message}.`, {
          remedy: 'Choose a free port; below 1024 the process needs the right to bind it.',
        }),
      )
    server.once('error', failed)
    server.listen(config.port, config.host, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

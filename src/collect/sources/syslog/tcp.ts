import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Mailbox } from '../../mailbox.ts'
import { unreadable } from '../../record.ts'
import { decodeText } from '../../text.ts'
import { type Frame, SyslogFramer } from './framing.ts'
import type { SyslogConfig } from './schema.ts'

/** How long open connections may still deliver what is on its way when the source stops. */
const DRAIN_MS = 500

export interface TcpListener {
  readonly port: number
  close(): Promise<void>
}

/** Plain TCP syslog (RFC 6587). While the mailbox is full nothing is read, and the senders' windows close. */
export async function listenTcp(
  config: SyslogConfig,
  instance: string,
  mailbox: Mailbox,
  onRefused: (connections: number) => void,
): Promise<TcpListener> {
  const open = new Set<Socket>()
  let connections = 0
  let refused = 0
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    receive(socket, config, `syslog:${instance}:${connections++}`, mailbox)
  })
  server.maxConnections = config.maxConnections
  server.on('drop', () => onRefused(++refused))
  await listen(server, config)
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open) socket.end()
      const late = setTimeout(() => {
        for (const socket of open) socket.destroy()
      }, DRAIN_MS)
      await closed
      clearTimeout(late)
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
    server.once('error', (error) =>
      reject(
        new KanpekiError('listen_failed', `TCP port ${config.port} of ${config.host} cannot be opened: ${error.message}.`, {
          remedy: 'Choose a free port; below 1024 the process needs the right to bind it.',
        }),
      ),
    )
    server.listen(config.port, config.host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

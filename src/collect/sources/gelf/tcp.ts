import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { probePeer } from '../../../platform/probe-peer.ts'
import { limitAddresses } from '../../limit-addresses.ts'
import type { Mailbox } from '../../mailbox.ts'
import { tooLong, unreadable } from '../../record.ts'
import { headText } from '../../text.ts'
import { type GelfFrame, NulFramer } from './framing.ts'
import { gelfRecord, listenFailed } from './message.ts'
import type { GelfConfig } from './schema.ts'

/** How long open connections may still deliver what is on its way when the source stops. */
const DRAIN_MS = 500
const KEPT_OF_BROKEN = 8192

export interface TcpListener {
  readonly port: number
  close(): Promise<void>
}

/** GELF over TCP: JSON messages with a NUL behind each. While the mailbox is full nothing is read, and senders wait. */
export async function listenTcp(
  config: GelfConfig,
  instance: string,
  mailbox: Mailbox,
  onRefused: (connections: number, limit: string) => void,
): Promise<TcpListener> {
  const open = new Set<Socket>()
  let connections = 0
  let refused = 0
  const server = createServer((socket) => {
    probePeer(socket)
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    receive(socket, config, `gelf:${instance}:${connections++}`, mailbox)
  })
  server.maxConnections = config.maxConnections
  server.on('drop', () => onRefused(++refused, String(config.maxConnections)))
  limitAddresses(server, config.maxConnections, (address, limit) => onRefused(++refused, `${limit} from ${address}`))
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

function receive(socket: Socket, config: GelfConfig, idPrefix: string, mailbox: Mailbox): void {
  const framer = new NulFramer(config.maxMessageBytes)
  const origin = socket.remoteAddress ?? 'unknown'
  let count = 0
  let timer: NodeJS.Timeout | undefined

  const deliver = ({ bytes, length, cut }: GelfFrame): void => {
    const id = `${idPrefix}:${count++}`
    const { maxMessageBytes } = config
    if (length > maxMessageBytes) mailbox.push(tooLong(id, bytes, length, maxMessageBytes, origin), length)
    else if (cut === true) {
      const reason = `the connection ended after ${length} bytes, inside the message`
      mailbox.push(unreadable(id, headText(bytes, KEPT_OF_BROKEN), reason, origin), length)
    } else {
      const whole = gelfRecord(id, bytes, maxMessageBytes, origin)
      mailbox.push(whole.record, whole.bytes)
    }
  }
  const stopClock = (): void => {
    clearTimeout(timer)
    timer = undefined
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
    } else if (framer.open) {
      // Counted from the message's first byte: bytes that drip in do not buy more time.
      timer ??= setTimeout(() => socket.destroy(), config.messageTimeoutMs)
    }
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    stopClock()
    framer.end().forEach(deliver)
  })
}

async function listen(server: Server, config: GelfConfig): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailed('TCP', config.host, config.port, error)))
    server.listen(config.port, config.host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

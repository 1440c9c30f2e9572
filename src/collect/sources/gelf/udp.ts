import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Mailbox } from '../../mailbox.ts'
import { unreadable } from '../../record.ts'
import { headText } from '../../text.ts'
import { kernelDrops } from '../../udp-drops.ts'
import { ChunkStore, isChunk } from './chunks.ts'
import { gelfRecord, listenFailed } from './message.ts'
import type { GelfConfig } from './schema.ts'

/** Asked of the kernel, which may give less (net.core.rmem_max): the room for a burst while we are busy. */
const RECEIVE_BUFFER = 8_388_608
const LOOK_EVERY_MS = 1000
const KEPT_OF_BROKEN = 8192

export interface UdpListener {
  readonly port: number
  close(): Promise<void>
}

/**
 * GELF over UDP: a message a datagram, or in chunks. Senders cannot be made to wait, so what is lost is counted: messages of
 * which a chunk never came, what finds the mailbox full, and what the kernel threw away (Linux tells).
 *
 * @param incomplete told how many messages were given up in all.
 */
export async function listenUdp(
  config: GelfConfig,
  port: number,
  instance: string,
  mailbox: Mailbox,
  incomplete: (messages: number) => void,
): Promise<UdpListener> {
  const socket = createSocket({ type: isIPv6(config.host) ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER })
  await bind(socket, port, config.host)
  const bound = socket.address().port
  let count = 0
  let givenUp = 0
  let dropsBefore = kernelDrops(bound)
  const chunks = new ChunkStore(
    { timeoutMs: config.chunkTimeoutMs, maxMessages: config.maxChunkedMessages, maxBytes: config.maxChunkBytes },
    (messages) => {
      givenUp += messages
      mailbox.lose(messages)
      incomplete(givenUp)
    },
  )
  const look = (): void => {
    chunks.expire(performance.now())
    const drops = kernelDrops(bound)
    mailbox.lose(Math.max(0, drops - dropsBefore))
    dropsBefore = drops
  }
  const timer = setInterval(look, Math.min(LOOK_EVERY_MS, config.chunkTimeoutMs))
  socket.on('message', (datagram, peer) => {
    if (datagram.length === 0) return
    const message = isChunk(datagram) ? chunks.add(datagram, peer.address, performance.now()) : datagram
    if (message === undefined) return
    if (mailbox.full) return mailbox.lose(1)
    const id = `gelf:${instance}:u:${count++}`
    if (typeof message === 'string')
      mailbox.push(unreadable(id, headText(datagram, KEPT_OF_BROKEN), message, peer.address), datagram.length)
    else {
      const { record, bytes } = gelfRecord(id, message, config.maxMessageBytes, peer.address)
      mailbox.push(record, bytes)
    }
  })
  return {
    port: bound,
    async close() {
      clearInterval(timer)
      look()
      await new Promise<void>((resolve) => socket.close(resolve))
      chunks.close()
    },
  }
}

async function bind(socket: Socket, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(listenFailed('UDP', host, port, error))
    })
    socket.bind(port, host, () => {
      socket.removeAllListeners('error')
      // A later error (an ICMP answer, say) concerns no message of ours.
      socket.on('error', () => {})
      resolve()
    })
  })
}

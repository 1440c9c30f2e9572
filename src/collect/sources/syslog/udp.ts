import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { KanpekiError } from '../../../kernel/error.ts'
import type { Mailbox } from '../../mailbox.ts'
import { tooLong } from '../../record.ts'
import { decodeText } from '../../text.ts'
import { kernelDrops } from '../../udp-drops.ts'
import { textOf } from './message.ts'
import type { SyslogConfig } from './schema.ts'

/** Asked of the kernel, which may give less (net.core.rmem_max): the room for a burst while we are busy. */
const RECEIVE_BUFFER = 8_388_608
const DROPS_EVERY_MS = 1000

export interface UdpListener {
  readonly port: number
  close(): Promise<void>
}

/**
 * One datagram, one message (RFC 5426). Senders cannot be made to wait, so what is lost is counted: by ourselves when the
 * mailbox is full, by the kernel when its buffer is (Linux tells, others do not).
 */
export async function listenUdp(config: SyslogConfig, port: number, instance: string, mailbox: Mailbox): Promise<UdpListener> {
  const socket = createSocket({ type: isIPv6(config.host) ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER })
  await bind(socket, port, config.host)
  const bound = socket.address().port
  let count = 0
  let dropsBefore = kernelDrops(bound)
  const countDrops = (): void => {
    const drops = kernelDrops(bound)
    mailbox.lose(Math.max(0, drops - dropsBefore))
    dropsBefore = drops
  }
  const timer = setInterval(countDrops, DROPS_EVERY_MS)
  socket.on('message', (datagram, peer) => {
    const bytes = textOf(datagram)
    if (bytes.length === 0) return
    if (mailbox.full) return mailbox.lose(1)
    const id = `syslog:${instance}:u:${count++}`
    if (bytes.length > config.maxMessageBytes)
      mailbox.push(tooLong(id, bytes, bytes.length, config.maxMessageBytes, peer.address), bytes.length)
    else mailbox.push({ id, text: decodeText(bytes).text, origin: peer.address }, bytes.length)
  })
  return {
    port: bound,
    async close() {
      clearInterval(timer)
      countDrops()
      await new Promise<void>((resolve) => socket.close(resolve))
    },
  }
}

async function bind(socket: Socket, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(
        new KanpekiError('listen_failed', `UDP port ${port} of ${host} cannot be opened: ${error.message}.`, {
          remedy: 'Choose a free port; below 1024 the process needs the right to bind it.',
        }),
      )
    })
    socket.bind(port, host, () => {
      socket.removeAllListeners('error')
      // A later error (an ICMP answer, say) concerns no message of ours.
      socket.on('error', () => {})
      resolve()
    })
  })
}

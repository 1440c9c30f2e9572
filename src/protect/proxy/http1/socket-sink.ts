import type { Socket } from 'node:net'
import type { BodySink } from '../body.ts'

const SMALL = 16 * 1024

/** Writes messages to a socket: a head goes out with the first bytes of its body, in one piece where that is small. */
export class SocketSink {
  readonly #socket: Socket
  #head: string | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  write(chunk: Buffer): boolean {
    this.#flush()
    return this.#socket.write(chunk)
  }

  /** `isMute`: the body is not sent (an answer to HEAD). `over` is called when the last byte was handed to the socket. */
  message(head: string, isChunked: boolean, isMute: boolean, over: () => void): BodySink {
    this.#head = head
    process.nextTick(() => this.#flush())
    return {
      write: (chunk) => {
        if (isMute || chunk.length === 0) return true
        return this.#put(isChunked ? `${chunk.length.toString(16)}\r\n` : '', chunk, isChunked ? '\r\n' : '')
      },
      end: () => {
        if (isChunked) this.#put('0\r\n\r\n', undefined, '')
        else this.#flush()
        over()
      },
      abort: () => this.#socket.destroy(),
      drained: (go) => this.#socket.once('drain', go),
    }
  }

  #put(before: string, chunk: Buffer | undefined, after: string): boolean {
    const start = (this.#head ?? '') + before
    this.#head = undefined
    if (chunk === undefined) return this.#socket.write(start, 'latin1')
    if (chunk.length <= SMALL) {
      const all = Buffer.allocUnsafe(start.length + chunk.length + after.length)
      all.write(start, 0, 'latin1')
      chunk.copy(all, start.length)
      if (after !== '') all.write(after, start.length + chunk.length, 'latin1')
      return this.#socket.write(all)
    }
    this.#socket.cork()
    if (start !== '') this.#socket.write(start, 'latin1')
    let isFree = this.#socket.write(chunk)
    if (after !== '') isFree = this.#socket.write(after, 'latin1')
    this.#socket.uncork()
    return isFree
  }

  #flush(): void {
    if (this.#head === undefined) return
    const head = this.#head
    this.#head = undefined
    this.#socket.write(head, 'latin1')
  }
}

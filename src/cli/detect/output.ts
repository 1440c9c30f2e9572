import { writeSync } from 'node:fs'
import { KanpekiError, messageOf } from '../../kernel/error.ts'

const FULL = 1 << 16

/**
 * Standard output in large writes. A reader that went away (`| head`) ends the run quietly: `closed` is then true.
 */
export class Output {
  #pending: string[] = []
  #length = 0
  closed = false

  write(text: string): void {
    if (this.closed || text === '') return
    this.#pending.push(text)
    this.#length += text.length
    if (this.#length >= FULL) this.flush()
  }

  flush(): void {
    const bytes = Buffer.from(this.#pending.join(''), 'utf8')
    this.#pending = []
    this.#length = 0
    for (let at = 0; at < bytes.length && !this.closed; ) at += this.#writeSome(bytes, at)
  }

  #writeSome(bytes: Buffer, from: number): number {
    try {
      return writeSync(1, bytes, from)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EPIPE') {
        this.closed = true
        return 0
      }
      if (code !== 'EAGAIN')
        throw new KanpekiError('output-unwritable', `Standard output cannot be written: ${messageOf(error)}.`, { cause: error })
      // A pipe that is full for now: give its reader a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
      return 0
    }
  }
}

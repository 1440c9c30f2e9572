import { KanpekiError } from '../../kernel/error.ts'

export interface ScanQuestion {
  readonly kind: 'scan'
  readonly number: number
  readonly data: Uint8Array
}

export type ScanAnswer =
  | { readonly kind: 'scanned'; readonly number: number; readonly matched: readonly string[] }
  | { readonly kind: 'scan-fault'; readonly number: number; readonly reason: string }

export interface RemoteScan {
  readonly scan: (data: Buffer) => Promise<readonly string[]>
  readonly answered: (answer: ScanAnswer) => void
}

const MOST_WAITING = 64

/** Asks the supervising process, which runs the YARA engine in yet another. Rejects where no answer comes in time. */
export function remoteScan(send: (question: ScanQuestion) => void, time: number): RemoteScan {
  const waiting = new Map<number, (answer: ScanAnswer) => void>()
  let numbers = 0
  return {
    scan: (data) =>
      new Promise((resolve, reject) => {
        if (waiting.size >= MOST_WAITING) {
          reject(new KanpekiError('upload-scan', 'too many uploads wait to be looked at.'))
          return
        }
        numbers += 1
        const number = numbers
        const timer = setTimeout(() => {
          waiting.delete(number)
          reject(new KanpekiError('upload-scan', `an upload could not be looked at within ${time} ms.`))
        }, time)
        waiting.set(number, (answer) => {
          clearTimeout(timer)
          waiting.delete(number)
          if (answer.kind === 'scanned') resolve(answer.matched)
          else reject(new KanpekiError('upload-scan', answer.reason))
        })
        send({ kind: 'scan', number, data })
      }),
    answered: (answer) => waiting.get(answer.number)?.(answer),
  }
}

import type { IngestReply, SplitBody } from '../body.ts'

/** Loki answers nothing when all is well, and with a line of text otherwise. */
export function lokiReply({ trouble }: SplitBody): IngestReply {
  if (trouble === undefined) return { status: 204, body: Buffer.alloc(0) }
  return { status: 400, type: 'text/plain; charset=utf-8', body: Buffer.from(`${trouble.reason}\n`) }
}

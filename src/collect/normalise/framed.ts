import type { Draft } from './draft.ts'
import { type FrameContext, frameDocument, readSyslog } from './syslog-frame.ts'

/** A line as a program wrote it, and the document of whatever syslog header carried it. */
export interface Framed<T> {
  readonly line: T
  /** With `message`, which is the line, and `event.kind`; a header adds host, process and `log.syslog`. */
  readonly doc: Draft
  /** The header's time, milliseconds UTC. */
  readonly observed: number | undefined
  /** The program that the header names, without its path. */
  readonly program: string | undefined
}

/** Reads a line of a program's own log, as its file has it or behind a syslog header; undefined if `read` knows neither. */
export function readFramed<T>(text: string, context: FrameContext, read: (line: string) => T | undefined): Framed<T> | undefined {
  if (text.charCodeAt(0) !== 60) {
    const line = read(text)
    if (line !== undefined) {
      return { line, doc: { message: text, event: { kind: 'event' } }, observed: undefined, program: undefined }
    }
  }
  const frame = readSyslog(text, context)
  const line = frame === undefined ? undefined : read(frame.message)
  if (frame === undefined || line === undefined) return undefined
  const program = frame.app?.slice(frame.app.lastIndexOf('/') + 1)
  return { line, doc: frameDocument(frame), observed: frame.observed, program }
}

/** The `event` of a document made by `readFramed`. */
export function eventOf(doc: Draft): Draft {
  return doc['event'] as Draft
}

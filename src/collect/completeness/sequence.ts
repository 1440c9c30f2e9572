/** A hole may still be filled this long, seconds: requests overtake each other. */
const WAIT_SECONDS = 120
/** Open holes that a stream keeps; the oldest counts as lost when another opens. */
const MOST_HOLES = 16
/** A leap beyond this is a new numbering, not a loss. */
const LEAP = 1_000_000
/** Before so many numbers nobody can say whether a stream is numbered without holes. */
const JUDGED_AFTER = 20
/** Of so many numbers one may be out of turn; beyond, the sender leaves numbers out on purpose (a filter). */
const TOLERANCE = 10
/** Then the past counts half, so that a changed filter shows. */
const HALVE_AT = 1_000_000

export interface Hole {
  readonly from: number
  readonly to: number
  /** Received time at which it opened, seconds. */
  readonly since: number
}

/**
 * What a stream of numbered events was seen to do: Windows record ids of a channel, syslog's sequenceId (RFC 5424 §7.3.1).
 * Times are whole seconds, so that 200,000 streams stay small.
 */
export interface Stream {
  /** The number expected next; 0 while none was seen. */
  next: number
  /** Numbers that came in turn, and how often one was out of turn. */
  steps: number
  jumps: number
  /** Numbers that never came. */
  missing: number
  /** Numbers that came again. */
  duplicates: number
  /** How often the numbering began anew: a log cleared, a sender restarted. */
  resets: number
  /** Newest observed time, seconds. */
  observed: number
  holes: readonly Hole[]
}

export const NO_HOLES: readonly Hole[] = []

export function newStream(): Stream {
  return { next: 0, steps: 0, jumps: 0, missing: 0, duplicates: 0, resets: 0, observed: 0, holes: NO_HOLES }
}

/**
 * Takes the number of one event.
 * @param observed the event's own time, and @param received when it came, seconds.
 */
export function takeNumber(stream: Stream, number: number, observed: number, received: number): void {
  if (number === stream.next) {
    stream.next = number + 1
    stream.steps++
    if (stream.steps >= HALVE_AT) {
      stream.steps >>= 1
      stream.jumps >>= 1
    }
  } else if (stream.next === 0) stream.next = number + 1
  else if (number > stream.next) leap(stream, number, received)
  else if (!fill(stream, number)) {
    stream.jumps++
    // Only what was observed later than all before can be a new numbering; the rest is sent again.
    if (observed > stream.observed) restart(stream, number)
    else stream.duplicates++
  }
  if (observed > stream.observed) stream.observed = observed
}

function leap(stream: Stream, number: number, received: number): void {
  stream.jumps++
  if (number - stream.next > LEAP) {
    restart(stream, number)
    return
  }
  const holes = [...stream.holes, { from: stream.next, to: number - 1, since: received }]
  if (holes.length > MOST_HOLES) lose(stream, holes.shift()!)
  stream.holes = holes
  stream.next = number + 1
}

function restart(stream: Stream, number: number): void {
  for (const hole of stream.holes) lose(stream, hole)
  stream.holes = NO_HOLES
  stream.next = number + 1
  stream.resets++
}

function lose(stream: Stream, hole: Hole): void {
  stream.missing += hole.to - hole.from + 1
}

function fill(stream: Stream, number: number): boolean {
  const at = stream.holes.findIndex(({ from, to }) => number >= from && number <= to)
  if (at < 0) return false
  const { from, to, since } = stream.holes[at]!
  const rest: Hole[] = []
  if (number > from) rest.push({ from, to: number - 1, since })
  if (number < to) rest.push({ from: number + 1, to, since })
  // What came after all was only out of turn; one hole may become two.
  stream.jumps = Math.max(0, stream.jumps + rest.length - 1)
  stream.holes = stream.holes.toSpliced(at, 1, ...rest)
  return true
}

/** Counts holes that were open for long enough as lost. @returns whether any was. */
export function expireHoles(stream: Stream, received: number): boolean {
  const open = stream.holes.filter(({ since }) => since > received - WAIT_SECONDS)
  if (open.length === stream.holes.length) return false
  for (const hole of stream.holes) if (hole.since <= received - WAIT_SECONDS) lose(stream, hole)
  stream.holes = open
  return true
}

/** `dense`: numbers follow each other, so that a missing one is a loss. `sparse`: the sender leaves numbers out. */
export type Density = 'dense' | 'sparse' | 'new'

export function densityOf({ steps, jumps }: Pick<Stream, 'steps' | 'jumps'>): Density {
  if (jumps * TOLERANCE <= steps) return steps >= JUDGED_AFTER ? 'dense' : 'new'
  return steps + jumps >= JUDGED_AFTER ? 'sparse' : 'new'
}

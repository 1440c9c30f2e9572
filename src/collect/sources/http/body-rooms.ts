const SMALLEST = 65_536
/** Room that is kept while no body needs it, bytes: what sixteen senders of some megabytes each have under way. */
const MOST_IDLE = 96 * 1024 * 1024
/** What nobody needed for so long is let go. */
const LET_GO_MS = 30_000

/** So much at a time, towards the length that was declared. */
const GROWTH = 8

type Room = Buffer<SharedArrayBuffer>

/**
 * Room for bodies, used again by later ones. It is memory that the writer's thread sees too: nothing is copied or handed over,
 * and the heap is not collected each time some megabytes have come and gone. Nor does the C library's: what is freed there
 * between other things is not given back, and came to hundreds of megabytes.
 */
export class BodyRooms {
  readonly #idle = new Map<number, Room[]>()
  #idleBytes = 0
  /** The least that was idle since it was last looked at: nobody needs it. */
  #surplus = 0
  #timer: NodeJS.Timeout | undefined

  /** @param declared how long the body will be, if its sender says so. */
  open(declared = 0): BodyRoom {
    return new BodyRoom(this, declared)
  }

  take(bytes: number): Room {
    const size = sizeFor(bytes)
    const known = this.#idle.get(size)?.pop()
    if (known === undefined) return Buffer.from(new SharedArrayBuffer(size))
    this.#idleBytes -= size
    this.#surplus = Math.min(this.#surplus, this.#idleBytes)
    return known
  }

  give(room: Room): void {
    if (this.#idleBytes + room.length > MOST_IDLE) return
    this.#idleBytes += room.length
    const same = this.#idle.get(room.length)
    if (same === undefined) this.#idle.set(room.length, [room])
    else same.push(room)
    this.#timer ??= setTimeout(() => this.#letGo(), LET_GO_MS).unref()
  }

  #letGo(): void {
    for (const rooms of this.#idle.values())
      while (this.#surplus > 0 && rooms.length > 0) {
        const { length } = rooms.pop()!
        this.#idleBytes -= length
        this.#surplus -= length
      }
    this.#surplus = this.#idleBytes
    this.#timer = this.#idleBytes === 0 ? undefined : setTimeout(() => this.#letGo(), LET_GO_MS).unref()
  }
}

/** Four sizes to each doubling: a body leaves a fifth of its room unused at most. */
function sizeFor(bytes: number): number {
  let size = SMALLEST
  while (size * 2 < bytes) size *= 2
  const step = size / 4
  return bytes <= size ? size : Math.ceil(bytes / step) * step
}

/** One body as it comes. */
export class BodyRoom {
  readonly #rooms: BodyRooms
  readonly #declared: number
  #room: Room | undefined
  #used = 0

  constructor(rooms: BodyRooms, declared: number) {
    this.#rooms = rooms
    this.#declared = declared
  }

  /** Valid until `release`. */
  get bytes(): Buffer {
    return this.#room?.subarray(0, this.#used) ?? Buffer.alloc(0)
  }

  add(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length
    let room = this.#room
    if (room === undefined || needed > room.length) {
      // Who declares much and sends little gets little.
      const wanted = this.#declared > 0 ? Math.min(this.#declared, needed * GROWTH) : needed * 2
      const larger = this.#rooms.take(Math.max(needed, wanted))
      if (room !== undefined) {
        larger.set(room.subarray(0, this.#used))
        this.#rooms.give(room)
      }
      room = larger
      this.#room = larger
    }
    room.set(chunk, this.#used)
    this.#used = needed
  }

  release(): void {
    if (this.#room !== undefined) this.#rooms.give(this.#room)
    this.#room = undefined
    this.#used = 0
  }
}

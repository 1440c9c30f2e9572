const SMALLEST = 65_536
/** Room that is kept while no body needs it, bytes. */
const MOST_IDLE = 32 * 1024 * 1024

type Room = Buffer<SharedArrayBuffer>

/**
 * Room for bodies, used again by later ones. It is memory that the writer's thread sees too: nothing is copied or handed over,
 * and the heap is not collected each time some megabytes have come and gone.
 */
export class BodyRooms {
  readonly #idle = new Map<number, Room[]>()
  #idleBytes = 0

  open(): BodyRoom {
    return new BodyRoom(this)
  }

  take(bytes: number): Room {
    let size = SMALLEST
    while (size < bytes) size *= 2
    const known = this.#idle.get(size)?.pop()
    if (known === undefined) return Buffer.from(new SharedArrayBuffer(size))
    this.#idleBytes -= size
    return known
  }

  give(room: Room): void {
    if (this.#idleBytes + room.length > MOST_IDLE) return
    this.#idleBytes += room.length
    const same = this.#idle.get(room.length)
    if (same === undefined) this.#idle.set(room.length, [room])
    else same.push(room)
  }
}

/** One body as it comes. */
export class BodyRoom {
  readonly #rooms: BodyRooms
  #room: Room | undefined
  #used = 0

  constructor(rooms: BodyRooms) {
    this.#rooms = rooms
  }

  /** Valid until `release`. */
  get bytes(): Buffer {
    return this.#room?.subarray(0, this.#used) ?? Buffer.alloc(0)
  }

  add(chunk: Uint8Array): void {
    const needed = this.#used + chunk.length
    let room = this.#room
    if (room === undefined || needed > room.length) {
      const larger = this.#rooms.take(needed)
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

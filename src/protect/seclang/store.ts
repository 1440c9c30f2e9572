/** One persistent collection's members, such as those of `IP` for one address. Times are in milliseconds. */
export interface StoredCollection {
  readonly members: Map<string, StoredMember>
  /** Seconds after its last change at which the whole collection is forgotten. */
  timeout: number
  changed: number
  /** How often it was written to. */
  updates: number
  readonly created: number
}

export interface StoredMember {
  readonly name: string
  value: string
  /** When `expirevar` lets it go. */
  expires?: number
}

/** Where persistent collections live between transactions. One in memory is given; workers may share another. */
export interface CollectionStore {
  /** The collection of that name and key, made where there is none or its time is over. */
  readonly open: (collection: string, key: string, now: number, timeout: number) => StoredCollection
  readonly size: () => number
}

/** Keeps at most `limit` collections, those used last. An attacker with many addresses pushes out others; memory stays bounded. */
export function memoryStore(limit = 100_000): CollectionStore {
  const known = new Map<string, StoredCollection>()
  return {
    open: (collection, key, now, timeout) => {
      const id = `${collection}\0${key}`
      let stored = known.get(id)
      if (stored !== undefined) known.delete(id)
      if (stored === undefined || now - stored.changed > stored.timeout * 1000) {
        stored = { members: new Map(), timeout, changed: now, updates: 0, created: now }
      }
      dropExpired(stored, now)
      known.set(id, stored)
      if (known.size > limit) known.delete(known.keys().next().value!)
      return stored
    },
    size: () => known.size,
  }
}

function dropExpired(stored: StoredCollection, now: number): void {
  for (const [name, member] of stored.members) {
    if (member.expires !== undefined && member.expires <= now) stored.members.delete(name)
  }
}

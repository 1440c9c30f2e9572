const SEED = 20_261_122
const START = Date.UTC(2026, 10, 22)

/** A small generator, so that every run sends the same. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/**
 * ECS documents of about 500 bytes: file and network events with addresses, users, hashes and ids that hardly repeat.
 * @param at when event n was observed, milliseconds UTC.
 */
export function smallLines(count: number, seed = SEED, at: (n: number) => number = (n) => START + n * 10): readonly string[] {
  const pick = generator(seed)
  const hex = (digits: number): string => Array.from({ length: digits }, () => pick(16).toString(16)).join('')
  const address = (): string => `10.${pick(256)}.${pick(256)}.${pick(256)}`
  return Array.from({ length: count }, (_, n) => {
    const name = `${hex(8)}.tmp`
    return JSON.stringify({
      '@timestamp': new Date(at(n)).toISOString(),
      event: { category: ['file'], type: ['creation'], action: 'create', outcome: 'success', dataset: 'endpoint.file' },
      host: { name: `host-${pick(2000)}` },
      user: { name: `user-${pick(50_000)}` },
      source: { ip: address(), port: 1024 + pick(60_000) },
      destination: { ip: address(), port: 443 },
      process: { pid: pick(65_536), name: 'updater' },
      file: { path: `/var/cache/app/${hex(4)}/${name}`, hash: { sha256: hex(64) } },
      message: `wrote ${name}`,
    })
  })
}

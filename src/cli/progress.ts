export interface Progress {
  add(bytes: number): void
  end(): void
}

/** How far a transfer is, at what rate and for how long yet; on a terminal only. */
export function showProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return { add: () => {}, end: () => {} }
  const started = performance.now()
  let done = 0
  let shown = started
  return {
    add(bytes) {
      done += bytes
      const now = performance.now()
      if (now - shown < 200) return
      shown = now
      const rate = (done / (now - started)) * 1000
      const left = total > done ? `, about ${Math.ceil((total - done) / rate)} s left` : ''
      stream.write(`\r\x1b[K${sizeText(done)} of ${sizeText(Math.max(total, done))}, ${sizeText(rate)}/s${left}`)
    },
    end: () => void (shown > started && stream.write('\r\x1b[K')),
  }
}

export function sizeText(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`
}

const INTERVAL = 200

/** A line on the terminal that says how far the run is; nothing where standard error is no terminal. */
export class Progress {
  readonly #total: number
  readonly #started: number
  #shown = 0
  readonly #enabled = process.stderr.isTTY === true

  constructor(total: number, now: number) {
    this.#total = total
    this.#started = now
  }

  /** `files` are done, `records` were read, at time `now` in milliseconds. */
  show(files: number, records: number, now: number): void {
    if (!this.#enabled || now - this.#shown < INTERVAL) return
    this.#shown = now
    const seconds = (now - this.#started) / 1000
    const rate = seconds > 0 ? Math.round(records / seconds).toLocaleString('en') : '…'
    const left = files > 0 && seconds > 0 ? `, about ${Math.ceil((seconds / files) * (this.#total - files))} s left` : ''
    process.stderr.write(`\r\u001b[K${files}/${this.#total} parts, ${records.toLocaleString('en')} records, ${rate}/s${left}`)
  }

  clear(): void {
    if (this.#enabled && this.#shown > 0) process.stderr.write('\r\u001b[K')
  }
}

/** Thrown inside the reader for bytes that are not what the format says; leaves it only as a reported fault. */
export class EvtxFault extends Error {}

/** A node of a template costs what it is; a fault is all that an event bomb gets. */
const NODES = 500_000
const CHARACTERS = 4_000_000
const NODES_OF_A_RECORD = 100_000
const CHARACTERS_OF_A_RECORD = 1_000_000

/**
 * How far the records of one chunk may unfold. Templates repeat values as often as they like, so 64 KiB could stand for any amount of text;
 * real chunks stay below a tenth of these.
 */
export class Allowance {
  #nodes = NODES
  #characters = CHARACTERS
  #recordNodes = 0
  #recordCharacters = 0

  beginRecord(): void {
    this.#recordNodes = Math.min(NODES_OF_A_RECORD, this.#nodes)
    this.#recordCharacters = Math.min(CHARACTERS_OF_A_RECORD, this.#characters)
  }

  node(): void {
    this.#nodes -= 1
    if (--this.#recordNodes < 0) throw new EvtxFault('it unfolds to too many parts')
  }

  characters(count: number): void {
    this.#characters -= count
    this.#recordCharacters -= count
    if (this.#recordCharacters < 0) throw new EvtxFault('it unfolds to too much text')
  }
}

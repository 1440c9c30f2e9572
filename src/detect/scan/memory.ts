/** Where things stand in the memory of the code below; sizes in bytes. */
export const MEMORY = {
  pages: 256,
  /** By byte, what it means behind a backslash. */
  escapes: 256,
  /** Numbers of paths by hash, 0 where nothing is: open addressing. */
  buckets: 1024,
  bucketCount: 16_384,
  /** By path: parent, hash, where the key stands and its length; four numbers of 32 bits. */
  paths: 66_560,
  mostPaths: 8_192,
  /** By path: the text in which something was found, its kind, start and end. */
  found: 197_632,
  /** Keys of paths, each padded to whole blocks of 16. */
  keys: 328_704,
  keysEnd: 1_048_576,
  /** The text. */
  text: 1_048_576,
  textEnd: 2_162_688,
  /** How often each gram was counted, for the index that is built. */
  counts: 2_162_688,
  /** How many fields of a program must be asked otherwise, and which. */
  asked: 2_293_760,
  mostFields: 1_023,
  /** Ids that were found. */
  answer: 2_297_856,
  mostIds: 65_536,
  /** Indexes, programs and what they consist of. */
  arena: 2_560_000,
  /** Blocks of 16 bytes are read: what stands last must have some behind it. */
  end: 256 * 65_536 - 16,
} as const

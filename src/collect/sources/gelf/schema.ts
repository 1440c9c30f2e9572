import { z } from 'zod'

/** Settings of a GELF listener. Sizes are bytes, times milliseconds. */
export const gelfConfig = z
  .object({
    host: z.string().min(1).max(255).default('127.0.0.1'),
    /** 0 lets the system choose; UDP and TCP then share the number that TCP got. */
    port: z.int().min(0).max(65_535).default(12_201),
    udp: z.boolean().default(true),
    tcp: z.boolean().default(true),
    /** Of a whole message, decompressed. */
    maxMessageBytes: z.int().min(480).max(16_777_216).default(1_048_576),
    maxConnections: z.int().min(1).max(65_536).default(1024),
    /** A message begun over TCP must be complete within this time, or its connection is closed. */
    messageTimeoutMs: z.int().min(100).max(3_600_000).default(60_000),
    /** The chunks of a message must all be here within this time (GELF says five seconds). */
    chunkTimeoutMs: z.int().min(100).max(60_000).default(5000),
    /** Messages whose chunks are waited for, and bytes of all of them. */
    maxChunkedMessages: z.int().min(1).max(65_536).default(1024),
    maxChunkBytes: z.int().min(65_536).max(1_073_741_824).default(33_554_432),
    lingerMs: z.int().min(1).max(10_000).default(200),
    /** Bytes held while the writer is busy: TCP senders are then paused, UDP messages counted as lost. */
    maxBufferedBytes: z.int().min(65_536).max(1_073_741_824).default(16_777_216),
  })
  .strict()
  .refine((config) => config.udp || config.tcp, { message: 'at least one of udp and tcp must be on' })
export type GelfConfig = z.infer<typeof gelfConfig>

import { z } from 'zod'

/** Settings of a syslog listener. Sizes are bytes, times milliseconds. */
export const syslogConfig = z
  .object({
    host: z.string().min(1).max(255).default('127.0.0.1'),
    /** 0 lets the system choose; UDP and TCP then share the number that TCP got. */
    port: z.int().min(0).max(65_535).default(5514),
    udp: z.boolean().default(true),
    tcp: z.boolean().default(true),
    /** TCP speaks TLS (RFC 5425) with the server's certificate; one of a machine enrolled here is asked for, or demanded. */
    tls: z.enum(['optional', 'required']).optional(),
    maxMessageBytes: z.int().min(480).max(16_777_216).default(65_536),
    maxConnections: z.int().min(1).max(65_536).default(1024),
    /** A started message must be complete within this time, or its connection is closed. */
    messageTimeoutMs: z.int().min(100).max(3_600_000).default(60_000),
    /** How long a first message waits for company before the batch goes out. */
    lingerMs: z.int().min(1).max(10_000).default(200),
    /** Bytes held while the writer is busy: TCP senders are then paused, UDP datagrams counted as lost. */
    maxBufferedBytes: z.int().min(65_536).max(1_073_741_824).default(16_777_216),
  })
  .strict()
  .refine((config) => config.udp || config.tcp, { message: 'at least one of udp and tcp must be on' })
  .refine(({ tls, udp, tcp }) => tls === undefined || (tcp && !udp), {
    path: ['tls'],
    message: 'a listener with tls has tcp on and udp off: what comes over UDP is plain text',
  })
export type SyslogConfig = z.infer<typeof syslogConfig>

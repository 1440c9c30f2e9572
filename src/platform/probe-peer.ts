import type { Socket } from 'node:net'

const AFTER_MS = 60_000

/**
 * Has the system ask a peer that said nothing for a minute whether it is there (RFC 9293 section 3.8.4): one that is gone without
 * a word, behind a cut cable or a firewall that forgot, would be waited for for ever, and count against a bound on connections.
 */
export function probePeer(socket: Socket): void {
  socket.setKeepAlive(true, AFTER_MS)
}

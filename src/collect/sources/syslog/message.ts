/** A datagram's text: without the line feeds and NULs that senders put at its end. */
export function textOf(datagram: Buffer): Buffer {
  let end = datagram.length
  while (end > 0) {
    const last = datagram[end - 1]!
    if (last !== 0x0a && last !== 0x0d && last !== 0x00) break
    end--
  }
  return datagram.subarray(0, end)
}

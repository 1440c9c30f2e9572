/** The least that a server of `_bulk` requests must do, as a process of its own: receives, parses every document, answers. */
import { createServer } from 'node:http'

const NEWLINE = 0x0a

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  let line = 0
  for (let at = 0; at < body.length; line++) {
    const newline = body.indexOf(NEWLINE, at)
    const end = newline < 0 ? body.length : newline
    if (line % 2 === 1) JSON.parse(body.toString('utf8', at, end))
    at = end + 1
  }
  response.end('{}')
})
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
process.once('disconnect', () => process.exit(0))

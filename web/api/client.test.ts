import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { call, tell } from './client.ts'

/** What was asked of the server, which answers after a moment. */
const asked: string[] = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  asked.push(`${request.method} ${body}`)
  setTimeout(() => {
    response.writeHead(body.includes('wrong') ? 400 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ count: asked.length }))
  }, 50)
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => server.close())

const reply = z.object({ count: z.number() })
const add = (text: string) => call(reply, url, { method: 'POST', body: { text } })

test('a second press before the answer asks for nothing more, and gets the same answer', async () => {
  const answers = await Promise.all([add('a'), add('a'), add('b')])
  expect(asked.splice(0).sort()).toEqual(['POST {"text":"a"}', 'POST {"text":"b"}'])
  expect(answers[0]).toEqual(answers[1])
  await add('a')
  expect(asked.splice(0)).toEqual(['POST {"text":"a"}'])
})

test('a failure is told to both, and a later press asks again', async () => {
  const wrong = () => add('wrong').catch((error: unknown) => (error as Error).name)
  expect(await Promise.all([wrong(), wrong(), wrong()])).toEqual(['Problem', 'Problem', 'Problem'])
  expect(await wrong()).toBe('Problem')
  expect(asked.splice(0)).toHaveLength(2)
})

test('what only reads is asked each time', async () => {
  await Promise.all([call(reply, url), call(reply, url), tell(url, { method: 'DELETE' }), tell(url, { method: 'DELETE' })])
  expect(asked.splice(0).sort()).toEqual(['DELETE ', 'GET ', 'GET '])
})

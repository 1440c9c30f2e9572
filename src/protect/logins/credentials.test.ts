import { describe, expect, it } from 'vitest'
import { readCredentials } from './credentials.ts'
import { LoginSettings } from './settings.ts'

const FORM = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data; boundary=B'

function read(body: string, type = FORM, username = 'user_name') {
  const { endpoints } = LoginSettings.parse({
    endpoints: [{ name: 'shop', path: '/login', username, password: 'pass', failure: { status: [401] } }],
  })
  return readCredentials(endpoints[0]!, [['Content-Type', type]], Buffer.from(body, 'latin1'), false)
}

describe('who an attempt says it is', () => {
  it.each(['user_name', '+user_name', 'user.name', 'user%20name', 'user[name', 'user_name[]', 'user_name%00x'])(
    'is read where the field is written %s, which PHP takes for user_name',
    (name) => expect(read(`${name}=sato&pass=x`)).toEqual({ account: 'sato', password: 'x', isAmbiguous: false }),
  )

  it('is in doubt where a decoy stands beside it under another spelling', () => {
    expect(read('user_name=decoy&user.name=sato&pass=x').isAmbiguous).toBe(true)
  })

  it.each([
    ['user.email', 'user.email=sato&user.name=other&pass=x'],
    ['user[email]', 'user[email]=sato&user[name]=other&pass=x'],
  ])('is read from %s beside other fields', (username, body) => {
    expect(read(body, FORM, username)).toEqual({ account: 'sato', password: 'x', isAmbiguous: false })
  })

  const part = (name: string, value: string, end = '\r\n') =>
    `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}${end}`
  it.each([
    ['read as it is meant', '\r\n', false],
    ['in doubt where servers divide it in different ways', '\n', true],
  ])('is in a multipart form %s', (_what, end, isAmbiguous) => {
    expect(read(`${part('user_name', 'sato', end)}${part('pass', 'x')}--B--\r\n`, MULTIPART)).toMatchObject({
      account: 'sato',
      isAmbiguous,
    })
  })
})

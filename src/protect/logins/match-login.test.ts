import { describe, expect, it } from 'vitest'
import { loginMatcher } from './match-login.ts'
import { LoginSettings } from './settings.ts'

const { endpoints } = LoginSettings.parse({
  endpoints: [
    { name: 'script', path: '/login.php', success: { status: [302] } },
    { name: 'route', path: '/Login', success: { status: [302] } },
    { name: 'format', path: '/login.xml', success: { status: [302] } },
    { name: 'shop', path: '/', host: 'Shop.example', success: { status: [302] } },
  ],
})
const match = loginMatcher(endpoints)
const asked = (target: string, host = 'a', method = 'POST') => match({ method, target, headers: [['Host', host]] })?.name

describe('an endpoint', () => {
  it.each([
    ['/login', 'route'],
    ['//LOGIN/?a=b', 'route'],
    ['/login;jsessionid=1A2B', 'route'],
    ['/x/..;/%6cogin%3bx', 'route'],
    ['/login.json', 'route'],
    ['/login.xml', 'format'],
    ['/login.php', 'script'],
    ['/login.php/', 'script'],
    ['/login.php/info/more', 'script'],
    ['/login/reset', undefined],
    ['/login.php.bak', undefined],
    ['/loginx', undefined],
    ['/login.a.b', undefined],
  ])('asked as %s is %s', (target, name) => {
    expect(asked(target)).toBe(name)
  })

  it.each([
    ['shop.example', 'shop'],
    ['SHOP.example.', 'shop'],
    ['shop.example:', 'shop'],
    ['shop.example.:8443', 'shop'],
    ['shop.example.org', undefined],
  ])('of a host is found under %s: %s', (host, name) => {
    expect(asked('/', host)).toBe(name)
  })

  it('is none for another method', () => {
    expect(asked('/login', 'a', 'GET')).toBeUndefined()
  })
})

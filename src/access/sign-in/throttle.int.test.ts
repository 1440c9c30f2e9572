import { expect, it } from 'vitest'
import { openState } from '../../platform/state/state.ts'
import { rejectionOf } from '../../platform/testing/code-of.ts'
import { describeStates } from '../../platform/testing/states.ts'
import { migrations } from '../migrations.ts'
import { insertAccount } from '../queries.ts'
import { type AccessBed, accessBed, type TestBrowser } from '../testing/access-bed.ts'
import { familiar, remember } from './known.ts'
import { beginAttempt, type Guessed, passed, pauseAfter } from './throttle.ts'

const START = Date.UTC(2026, 0, 1)
const MINUTE = 60_000
const MORI = { id: 'mori', scope: 'default', name: 'mori' }

it.each([
  [0, 0],
  [4, 0],
  [5, 1_000],
  [6, 2_000],
  [10, 32_000],
  [11, 60_000],
  [1_000_000, 60_000],
])('after %i failures it waits %i ms', (failures, pause) => {
  expect(pauseAfter(failures, { free: 5, longest: MINUTE })).toBe(pause)
})

describeStates('slowing down guesses', (bed) => {
  async function begin(): Promise<AccessBed> {
    const access = accessBed(await bed.open(migrations), START)
    await insertAccount(access.deps.db, { ...MORI, password: '', created: START })
    return access
  }

  /** A wrong guess; true where it was judged, false where a pause was asked for. */
  async function guess(
    { deps }: AccessBed,
    browser: TestBrowser,
    name = 'mori',
    guessed: Guessed = 'password',
  ): Promise<boolean> {
    const code = await rejectionOf(
      deps.record(async (db) => ({ result: await begun(db, deps, browser, name, guessed), evidence: [] })),
    )
    expect([undefined, 'too_many_requests']).toContain(code)
    return code === undefined
  }

  /** A right one: the browser is known from then on. */
  async function signIn({ deps }: AccessBed, browser: TestBrowser): Promise<void> {
    await deps.record(async (db) => {
      await passed(db, await begun(db, deps, browser, 'mori', 'password'))
      browser.keep(await remember(db, MORI, browser.request(), false, deps.clock.now()))
      return { result: undefined, evidence: [] }
    })
  }

  async function begun(
    db: AccessBed['deps']['db'],
    deps: AccessBed['deps'],
    browser: TestBrowser,
    name: string,
    guessed: Guessed,
  ) {
    const request = browser.request()
    const from = await familiar(db, name === 'mori' ? name : '', request)
    return await beginAttempt(db, guessed, name, from, request, deps.clock.now())
  }

  /** @returns how many of so many guesses in a row were judged. */
  async function hammer(access: AccessBed, browser: TestBrowser, times: number, name = 'mori'): Promise<number> {
    let judged = 0
    for (let at = 0; at < times; at++) if (await guess(access, browser, name)) judged += 1
    return judged
  }

  it('never keeps the owner out of a browser that signed in before, not even from beside the attacker', async () => {
    const access = await begin()
    const owner = access.browser('192.0.2.1')
    await signIn(access, owner)
    for (let at = 0; at < 200; at++) await guess(access, access.browser(`198.51.100.${at}`))
    expect(await hammer(access, access.browser('192.0.2.1'), 10)).toBe(5)
    await signIn(access, owner)
  })

  it('does not let other networks slow down one that signed in before, even without a cookie', async () => {
    const access = await begin()
    await signIn(access, access.browser('192.0.2.1'))
    let judged = 0
    for (let at = 0; at < 60; at++) if (await guess(access, access.browser(`198.51.100.${at}`))) judged += 1
    expect(judged).toBe(20)
    expect(await guess(access, access.browser('203.0.113.1'))).toBe(false)
    await signIn(access, access.browser('192.0.2.1'))
    access.now += MINUTE
    await signIn(access, access.browser('203.0.113.1'))
  })

  it('slows down a network that sprays over many names, known or not, and lets the rest in', async () => {
    const access = await begin()
    const sprayer = access.browser('198.51.100.7')
    let judged = 0
    for (let at = 0; at < 100; at++) if (await guess(access, sprayer, `name-${at}`)) judged += 1
    expect(judged).toBe(20)
    expect(await guess(access, sprayer)).toBe(false)
    expect(await guess(access, access.browser('198.51.100.8'))).toBe(true)
    access.now += 61 * MINUTE
    expect(await guess(access, sprayer)).toBe(true)
  })

  it('counts a whole /64 as one network', async () => {
    const access = await begin()
    let judged = 0
    for (let at = 1; at < 50; at++) if (await guess(access, access.browser(`2001:db8:1:2::${at}`))) judged += 1
    expect(judged).toBe(5)
    expect(await guess(access, access.browser('2001:db8:1:3::1'))).toBe(true)
  })

  it('slows down an unknown name as it does a known one', async () => {
    const access = await begin()
    expect(await hammer(access, access.browser('198.51.100.1'), 9, 'mori')).toBe(5)
    expect(await hammer(access, access.browser('198.51.100.2'), 9, 'nobody')).toBe(5)
  })

  it('gives somebody who knows the password few codes to guess, whatever their number of addresses', async () => {
    const access = await begin()
    let judged = 0
    for (let hour = 0; hour < 24 * 60; hour++) {
      access.now += MINUTE
      if (await guess(access, access.browser(`198.51.${hour % 250}.1`), 'mori', 'second')) judged += 1
    }
    expect(judged).toBeLessThan(24 * 4 + 20)
  })

  it('judges no more of many tries at once than one after the other', async () => {
    const access = await begin()
    const browser = access.browser('198.51.100.1')
    const judged = await Promise.all(Array.from({ length: 20 }, () => guess(access, browser)))
    expect(judged.filter(Boolean)).toHaveLength(5)
  })

  it('counts anew once the pause is over and the password right', async () => {
    const access = await begin()
    const browser = access.browser('198.51.100.1')
    expect(await hammer(access, browser, 9)).toBe(5)
    access.now += 1_000
    await signIn(access, browser)
    expect(await hammer(access, access.browser('198.51.100.1'), 9)).toBe(5)
  })

  it('remembers over a restart, and across processes', async () => {
    const place = await bed.place()
    const first = await openState(place, migrations)
    const access = accessBed(first, START)
    expect(await hammer(access, access.browser('198.51.100.1'), 9)).toBe(5)
    const second = await openState(place, migrations)
    const other = accessBed(second, START)
    expect(await hammer(other, other.browser('198.51.100.1'), 9)).toBe(0)
    await first.close()
    await second.close()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientKey, networkOf } from './address-network.ts'
import { BoundedMap } from './bounded-map.ts'
import { issueChallenge, solve, solvedChallenge } from './challenge.ts'
import type { Attempt, Judgement, LoginOutcome, RaisedSignal } from './judge.ts'
import { LoginSettings } from './settings.ts'
import { LoginTracker } from './tracker.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const ENDPOINT = { name: 'shop', path: '/login', failure: { status: [401] } }
const T0 = Date.UTC(2026, 10, 22)

function trackerWith(more: Record<string, unknown> = {}, endpoint: Record<string, unknown> = {}): LoginTracker {
  return new LoginTracker(LoginSettings.parse({ endpoints: [{ ...ENDPOINT, ...endpoint }], challenge: { bits: 8 }, ...more }))
}

const BROWSER = {
  login: 'shop',
  account: 'sato',
  address: '198.51.100.7',
  fingerprint: 'f',
  agent: 'Firefox',
  password: '',
  isLeaked: false,
  solution: '',
  isCarriedOut: true,
}

/** Attempts over time against a table of accounts whose password is known to whoever tries. */
class Scene {
  now = T0
  readonly raised: RaisedSignal[] = []
  readonly #tracker: LoginTracker

  constructor(tracker: LoginTracker) {
    this.#tracker = tracker
  }

  try(attempt: Partial<Attempt>, outcome: LoginOutcome): Judgement {
    const judged = this.#tracker.attempt({ ...BROWSER, ...attempt }, this.now)
    if (judged.ticket !== '') this.raised.push(...this.#tracker.outcome(judged.ticket, outcome, this.now))
    return judged
  }

  get signals(): string[] {
    return this.raised.map(({ signal }) => signal)
  }
}

describe('attacks', () => {
  it('brute force on one account from one address: stopped, told once', () => {
    const scene = new Scene(trackerWith())
    const answers = Array.from({ length: 60 }, () => {
      scene.now += SECOND
      return scene.try({}, 'failure').answer
    })
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => undefined))
    expect(new Set(answers.slice(10))).toEqual(new Set(['challenge']))
    expect(scene.signals).toEqual(['brute-force-account'])
  })

  it('an attacker who solves each challenge is stopped by his address', () => {
    const scene = new Scene(trackerWith())
    let solution = ''
    const answers = new Map<string | undefined, number>()
    for (let at = 0; at < 80; at += 1) {
      scene.now += SECOND
      const { answer, challenge } = scene.try({ solution }, 'failure')
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      if (challenge !== undefined) solution = solve(challenge)
    }
    expect(scene.signals).toContain('brute-force-address')
    expect(answers.get('block')).toBeGreaterThan(40)
  })

  it('slow brute force: one guess each 20 minutes', () => {
    const scene = new Scene(trackerWith())
    let challenged = 0
    for (let at = 0; at < 72; at += 1) {
      scene.now += 20 * MINUTE
      if (scene.try({ address: `203.0.113.${at}` }, 'failure').answer === 'challenge') challenged += 1
    }
    expect(scene.signals).toContain('slow-brute-force-account')
    expect(challenged).toBeGreaterThan(20)
  })

  it('spraying from one address, and slowly', () => {
    const fast = new Scene(trackerWith())
    const answers = Array.from({ length: 30 }, (_, at) => {
      fast.now += 5 * SECOND
      return fast.try({ account: `user${at}` }, 'failure').answer
    })
    expect(answers.filter((each) => each === 'block')).toHaveLength(20)
    expect(fast.signals).toEqual(['spraying-address'])
    const slow = new Scene(trackerWith())
    for (let at = 0; at < 40; at += 1) {
      slow.now += 25 * MINUTE
      slow.try({ account: `user${at}` }, 'failure')
    }
    expect(slow.signals).toContain('slow-spraying-address')
  })

  it('one password over many accounts, each from another address and with another tool', () => {
    const scene = new Scene(trackerWith())
    const answers = Array.from({ length: 30 }, (_, at) => {
      scene.now += 10 * MINUTE
      const from = { account: `user${at}`, address: `${at + 1}.2.3.4`, fingerprint: `f${at}`, password: 'aabbcc' }
      return scene.try(from, 'failure').answer
    })
    expect(scene.signals).toEqual(['spraying-password'])
    expect(answers.slice(10).every((each) => each === 'challenge')).toBe(true)
  })

  it.each([
    ['with one tool', () => 'python', 'stuffing-fingerprint', 30],
    ['with as many tools', (at: number) => `f${at}`, 'stuffing-login', 100],
  ])('credential stuffing from 200 addresses %s', (_how, fingerprint, signal, unnoticed) => {
    const scene = new Scene(trackerWith())
    let tried = 0
    let taken = 0
    for (let at = 0; at < 1_000; at += 1) {
      scene.now += 300
      const from = {
        account: `leaked${at}`,
        address: `${(at % 200) + 1}.77.8.9`,
        fingerprint: fingerprint(at),
        password: `${at}`,
      }
      // One pair in fifty is still good.
      const { answer } = scene.try(from, at % 50 === 49 ? 'success' : 'failure')
      if (answer !== undefined && answer !== 'watch') continue
      tried += 1
      if (at % 50 === 49) taken += 1
    }
    expect(scene.signals).toContain(signal)
    expect(tried).toBeLessThanOrEqual(unnoticed * 1.1)
    expect(taken).toBeLessThanOrEqual(2)
  })

  it('a spray from one network: its people are asked for work, not stopped', () => {
    const scene = new Scene(trackerWith())
    for (let at = 0; at < 40; at += 1) {
      scene.now += SECOND
      scene.try({ account: `user${at}`, address: `198.51.100.${at}`, fingerprint: `f${at}` }, 'failure')
    }
    expect(scene.signals).toEqual(['spraying-network'])
    expect(scene.try({ account: 'suzuki', address: '198.51.100.250', fingerprint: 'new' }, 'success').answer).toBe('challenge')
  })

  it('guesses that are sent all at once wait for the first answers', () => {
    const tracker = trackerWith()
    const judged = Array.from({ length: 20 }, () => tracker.attempt(BROWSER, T0))
    expect(judged.filter(({ answer }) => answer === 'block').map(({ signals }) => signals[0])).toEqual(
      Array.from({ length: 15 }, () => 'too-many-at-once'),
    )
    for (const { ticket } of judged) tracker.outcome(ticket, 'unknown', T0)
    const { answer, ticket } = tracker.attempt(BROWSER, T0)
    expect(answer).toBeUndefined()
    // Whoever was here before is not locked out by those under way.
    tracker.outcome(ticket, 'success', T0)
    for (let at = 0; at < 20; at += 1) tracker.attempt({ ...BROWSER, address: '203.0.113.1' }, T0)
    expect(tracker.attempt(BROWSER, T0).answer).toBeUndefined()
  })
})

describe('people', () => {
  it('200 behind one address in a morning, one try in four mistyped: nobody is asked for anything', () => {
    const scene = new Scene(trackerWith())
    const answers = new Set<string | undefined>()
    for (let person = 0; person < 200; person += 1) {
      scene.now += 2 * SECOND
      const tries: LoginOutcome[] =
        person % 20 === 0 ? ['failure', 'failure', 'success'] : person % 4 === 0 ? ['failure', 'success'] : ['success']
      for (const outcome of tries) answers.add(scene.try({ account: `person${person}` }, outcome).answer)
    }
    expect([...answers]).toEqual([undefined])
    expect(scene.raised).toEqual([])
  })

  it('an attacker in the same office: those who were there before are asked for work, and get in', () => {
    const scene = new Scene(trackerWith())
    for (let person = 0; person < 8; person += 1) {
      scene.now += MINUTE
      scene.try({ account: `person${person}` }, 'success')
    }
    scene.now += 86_400_000
    for (let at = 0; at < 60; at += 1) {
      scene.now += SECOND
      scene.try({ account: `victim${at}`, fingerprint: 'tool' }, 'failure')
    }
    expect(scene.try({ account: 'stranger' }, 'success').answer).toBe('block')
    const { answer, challenge } = scene.try({ account: 'person3' }, 'success')
    expect(answer).toBe('challenge')
    expect(scene.try({ account: 'person3', solution: solve(challenge!) }, 'success').answer).toBe('step-up')
  })

  it('while strangers are stuffing with the same browser, those known from their network are left alone', () => {
    const scene = new Scene(trackerWith())
    scene.try({}, 'success')
    for (let at = 0; at < 200; at += 1) {
      scene.now += SECOND
      scene.try({ account: `leaked${at}`, address: `${at + 1}.77.8.9` }, 'failure')
    }
    expect(scene.try({ account: 'new', address: '192.0.2.99' }, 'success').answer).toBe('challenge')
    expect(scene.try({ address: '198.51.100.200' }, 'success').answer).toBe('watch')
  })

  it('whoever forgot it and waits gets in again', () => {
    const scene = new Scene(trackerWith())
    for (let at = 0; at < 12; at += 1) scene.try({}, 'failure')
    expect(scene.try({}, 'failure').answer).toBe('challenge')
    scene.now += 30 * MINUTE
    expect(scene.try({}, 'success').answer).toBeUndefined()
  })

  it('with a leaked password the application is told to ask for more', () => {
    expect(new Scene(trackerWith()).try({ isLeaked: true }, 'success')).toMatchObject({
      answer: 'step-up',
      signals: ['leaked-password'],
    })
  })
})

it('takes what an endpoint sets, also while it counts', () => {
  const tracker = trackerWith({}, { signals: { 'brute-force-account': { failures: 3, answer: 'delay' } } })
  const scene = new Scene(tracker)
  for (let at = 0; at < 4; at += 1) scene.try({}, 'failure')
  expect(scene.try({}, 'failure')).toMatchObject({ answer: 'delay', seconds: 5 })
  tracker.configure(
    LoginSettings.parse({ endpoints: [{ ...ENDPOINT, signals: { 'brute-force-account': { failures: 3, answer: 'block' } } }] }),
  )
  expect(scene.try({}, 'failure').answer).toBe('block')
})

it('stays within its room under a flood of new keys, says what it forgot, and remembers who fails again and again', () => {
  let size = 0
  const tracker = trackerWith({ mostKeys: 300 }, { signals: { 'stuffing-login': { answer: 'watch' } } })
  const flooded = new Scene(tracker)
  for (let at = 0; at < 9; at += 1) flooded.try({ account: 'victim', address: '192.0.2.1', fingerprint: 'x' }, 'failure')
  for (let at = 0; at < 2_000; at += 1) {
    const from = {
      account: `a${at}`,
      address: `${at % 250}.${Math.floor(at / 250)}.9.9`,
      fingerprint: `f${at}`,
      password: `${at}`,
    }
    flooded.try(from, 'failure')
    size = Math.max(size, tracker.size)
  }
  expect(size).toBeLessThanOrEqual(5 * 300 + 1)
  expect(tracker.forgotten).toBeGreaterThan(1_000)
  expect(flooded.signals).toContain('memory-full')
  flooded.try({ account: 'victim', address: '192.0.2.200', fingerprint: 'y' }, 'failure')
  expect(flooded.signals).toContain('brute-force-account')
})

it('keeps to its bound, and keeps what is worth it, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 40 }), fc.boolean()), { maxLength: 200 }), (steps) => {
      let left = 0
      const map = new BoundedMap<number>(9, () => {
        left += 1
      })
      const distinct = new Set<number>()
      for (const [key, isKept] of steps) {
        if (map.get(String(key)) === undefined) distinct.add(key)
        map.set(String(key), key)
        if (isKept) map.keep(String(key))
        expect(map.get(String(key))).toBe(key)
        expect(map.size).toBeLessThanOrEqual(9)
      }
      expect(map.size + left).toBeGreaterThanOrEqual(distinct.size)
    }),
  )
})

describe('a challenge', () => {
  const key = Buffer.alloc(32, 7)
  const bound = { login: 'shop', network: '198.51.100.0/24', agent: 'Firefox' }
  const challenge = issueChallenge(key, bound, 8, T0 + MINUTE, '0123456789abcdef')
  const solution = solve(challenge)

  it('is solved once by work, by whom it was given to, in time', () => {
    expect(solvedChallenge(key, bound, solution, T0)).toBe('0123456789abcdef')
    const [token = '', nonce = ''] = solution.split('~')
    const others: readonly [typeof bound, string, number][] = [
      [{ ...bound, network: '198.51.101.0/24' }, solution, T0],
      [{ ...bound, agent: 'curl' }, solution, T0],
      [{ ...bound, login: 'wiki' }, solution, T0],
      [bound, solution, T0 + MINUTE + 1],
      [bound, solution.replace('.8.', '.1.'), T0],
      [bound, `${token}~${nonce}~x`, T0],
      [bound, '', T0],
    ]
    for (const [who, shown, now] of others) expect(solvedChallenge(key, who, shown, now)).toBeUndefined()
    expect(solvedChallenge(Buffer.alloc(32, 8), bound, solution, T0)).toBeUndefined()
  })

  it('is good for a few attempts', () => {
    const scene = new Scene(trackerWith())
    for (let at = 0; at < 10; at += 1) scene.try({ address: `203.0.113.${at}` }, 'failure')
    const solved = solve(scene.try({}, 'failure').challenge!)
    const answers = Array.from({ length: 7 }, () => scene.try({ solution: solved }, 'success').answer)
    expect(answers).toEqual(['step-up', 'step-up', 'step-up', 'step-up', 'step-up', 'challenge', 'challenge'])
  })
})

it.each([
  ['198.51.100.7', '198.51.100.0/24', '198.51.100.7'],
  ['2001:db8:1:22ff:3::4', '2001:db8:1:2200::/56', '2001:db8:1:22ff::/64'],
  ['::1', '0:0:0:0::/56', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/56', 'fe80:0:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/56', '2001:db8:0:0::/64'],
  ['elsewhere', 'elsewhere', 'elsewhere'],
])('%s is of %s', (address, network, client) => {
  expect([networkOf(address), clientKey(address)]).toEqual([network, client])
})

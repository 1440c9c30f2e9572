import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import type { StoredEvent } from '../../src/kernel/event.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { Draw } from './draw.ts'

const range = z.tuple([z.number(), z.number()])
const ranges = <K extends string>(...names: readonly K[]) =>
  z.object(Object.fromEntries(names.map((name) => [name, range])) as Record<K, typeof range>)

const parametersSchema = z.object({
  days: z.int(),
  'attacks-from': z.int(),
  people: range,
  servers: range,
  teams: range,
  person: ranges(
    'starts-at',
    'works-hours',
    'weekend',
    'sign-ins',
    'servers',
    'files',
    'megabytes',
    'programs',
    'failed-sign-ins',
    'holiday-days',
    'trip-days',
    'new-program',
    'new-server',
    'day-spread',
  ).extend({
    'night-worker': z.number(),
    'forgets-password': z.number(),
    holiday: z.number(),
    trip: z.number(),
    'phone-network': z.number(),
  }),
  administrators: z.number(),
  administrator: ranges('servers', 'actions', 'actions-a-day', 'new-action'),
  server: ranges('queries', 'destinations', 'new-destinations', 'megabytes', 'day-spread').extend({ backup: z.number() }),
  organisation: ranges('roll-outs', 'roll-out-share', 'month-end-teams', 'month-end-factor', 'moves', 'joins'),
  attacks: range,
  attack: z.object({
    takeover: ranges('files', 'factor'),
    travel: ranges('hours'),
    exfiltration: ranges('factor', 'days'),
    'slow-exfiltration': ranges('factor', 'days'),
    lateral: ranges('hosts'),
    guessing: ranges('failures'),
    tools: ranges('programs'),
    cloud: ranges('actions'),
    beacon: ranges('factor', 'days'),
    'odd-hours': ranges('nights', 'events'),
  }),
})
type Parameters = z.infer<typeof parametersSchema>
export type AttackKind = keyof Parameters['attack']

export interface Attack {
  readonly kind: AttackKind
  /** `user:name`, `host:name`: an alert about any of them on one of the days finds it. */
  readonly entities: ReadonlySet<string>
  readonly days: ReadonlySet<number>
}

export interface World {
  readonly events: readonly StoredEvent[]
  readonly attacks: readonly Attack[]
  readonly firstDay: number
  readonly attacksFrom: number
}

const DAY_MS = 86_400_000
const FIRST_DAY = Math.floor(Date.UTC(2026, 2, 2) / DAY_MS)
const MEGABYTE = 1_000_000

interface City {
  readonly name: string
  readonly country: string
  readonly lat: number
  readonly lon: number
}

const CITIES: readonly City[] = [
  { name: 'Tokyo', country: 'JP', lat: 35.7, lon: 139.7 },
  { name: 'Osaka', country: 'JP', lat: 34.7, lon: 135.5 },
  { name: 'Seoul', country: 'KR', lat: 37.6, lon: 127 },
  { name: 'Singapore', country: 'SG', lat: 1.3, lon: 103.8 },
  { name: 'Berlin', country: 'DE', lat: 52.5, lon: 13.4 },
  { name: 'Austin', country: 'US', lat: 30.3, lon: -97.7 },
  { name: 'São Paulo', country: 'BR', lat: -23.6, lon: -46.6 },
  { name: 'Lagos', country: 'NG', lat: 6.5, lon: 3.4 },
]

interface Person {
  readonly name: string
  team: number
  readonly administrator: boolean
  readonly workstation: string
  readonly city: City
  readonly network: number
  readonly phone: number | undefined
  readonly starts: number
  readonly hours: number
  readonly weekend: number
  readonly signIns: number
  readonly files: number
  readonly megabytes: number
  readonly failures: number
  readonly spread: number
  readonly newProgram: number
  readonly newServer: number
  readonly newAction: number
  readonly actionsADay: number
  servers: string[]
  programs: string[]
  actions: string[]
  joins: number
  away: Set<number>
  abroad: Map<number, City>
}

interface Server {
  readonly name: string
  readonly queries: number
  readonly megabytes: number
  readonly spread: number
  readonly backup: boolean
  readonly fresh: number
  readonly destinations: string[]
}

/** What an attack adds on a day, by entity. */
interface Extra {
  readonly bytesFactor?: number
  readonly queriesFactor?: number
  readonly more?: (day: number) => void
}

/** A made-up organisation over some weeks, with attacks in its later half. The same seed makes the same world. */
export function makeWorld(seed: number): World {
  const parameters = parametersSchema.parse(parse(readFileSync(new URL('parameters.yml', import.meta.url), 'utf8')))
  return new Maker(seed, parameters).make()
}

class Maker {
  readonly #draw: Draw
  readonly #p: Parameters
  readonly #events: { readonly at: number; readonly doc: JsonObject }[] = []
  readonly #teamPrograms: string[][]
  readonly #servers: readonly Server[]
  readonly #people: Person[]
  readonly #extras = new Map<string, Extra[]>()
  #serial = 0

  constructor(seed: number, parameters: Parameters) {
    this.#draw = new Draw(seed)
    this.#p = parameters
    const draw = this.#draw
    const teams = draw.whole(parameters.teams)
    this.#teamPrograms = Array.from({ length: teams }, (_, team) => Array.from({ length: 10 }, (_, n) => `team${team}-app${n}`))
    this.#servers = Array.from({ length: draw.whole(parameters.servers) }, (_, n) => ({
      name: `srv-${n}`,
      queries: draw.within(parameters.server.queries),
      megabytes: draw.within(parameters.server.megabytes),
      spread: draw.within(parameters.server['day-spread']),
      backup: draw.chance(parameters.server.backup),
      fresh: draw.within(parameters.server['new-destinations']),
      destinations: Array.from({ length: draw.whole(parameters.server.destinations) }, () => this.#destination()),
    }))
    this.#people = Array.from({ length: draw.whole(parameters.people) }, (_, n) => this.#person(n, teams))
  }

  make(): World {
    const { days } = this.#p
    this.#arrange()
    const attacks = this.#plan()
    for (let day = 0; day < days; day++) {
      for (const person of this.#people) this.#live(person, day)
      for (const server of this.#servers) this.#serve(server, day)
      this.#rollOut(day)
      for (const [key, extras] of this.#extras) if (key.endsWith(`@${day}`)) for (const { more } of extras) more?.(day)
    }
    const events = this.#events
      .sort((a, b) => a.at - b.at)
      .map(({ at, doc }, index) => ({
        id: `e${index}`,
        scope: 'default',
        source: 'bench',
        parser: 'bench',
        observed: at,
        received: at,
        writer: 'bench',
        sequence: index + 1,
        index: 0,
        doc,
      }))
    return { events, attacks, firstDay: FIRST_DAY, attacksFrom: FIRST_DAY + this.#p['attacks-from'] }
  }

  #person(n: number, teams: number): Person {
    const draw = this.#draw
    const p = this.#p.person
    const administrator = draw.chance(this.#p.administrators)
    const team = Math.floor(draw.unit() * teams)
    const night = draw.chance(p['night-worker'])
    const admin = this.#p.administrator
    return {
      name: `person${n}`,
      team,
      administrator,
      workstation: `ws-${n}`,
      city: draw.chance(0.8) ? CITIES[0]! : CITIES[1]!,
      network: 2000 + (n % 6),
      phone: draw.chance(p['phone-network']) ? 3000 + (n % 3) : undefined,
      starts: night ? draw.within([19, 23]) : draw.within(p['starts-at']),
      hours: draw.within(p['works-hours']),
      weekend: draw.within(p.weekend) ** 2,
      signIns: draw.within(p['sign-ins']),
      files: draw.within(p.files),
      megabytes: draw.within(p.megabytes),
      failures: draw.within(p['failed-sign-ins']),
      spread: draw.within(p['day-spread']),
      newProgram: draw.within(p['new-program']),
      newServer: draw.within(p['new-server']),
      newAction: administrator ? draw.within(admin['new-action']) : 0,
      actionsADay: administrator ? draw.within(admin['actions-a-day']) : 0,
      servers: draw.some(this.#servers, draw.whole(administrator ? admin.servers : p.servers)).map(({ name }) => name),
      programs: [
        ...draw.some(this.#teamPrograms[team]!, 6),
        ...Array.from({ length: draw.whole(p.programs) - 5 }, (_, i) => `own${n}-${i}`),
        'browser',
        'mail',
        'office',
      ],
      actions: administrator
        ? Array.from({ length: draw.whole(admin.actions) }, () => `Action${Math.floor(draw.unit() * 40)}`)
        : [],
      joins: 0,
      away: new Set(),
      abroad: new Map(),
    }
  }

  /** Holidays, trips, moves between teams and those who join: odd, and nothing. */
  #arrange(): void {
    const draw = this.#draw
    const { days, person: p, organisation } = this.#p
    for (const person of this.#people) {
      for (let day = 0; day < days; day++) {
        if (draw.chance(p.holiday)) for (let n = draw.whole(p['holiday-days']); n >= 0; n--) person.away.add(day + n)
        if (draw.chance(p.trip)) {
          const city = draw.of(CITIES.slice(2, 6))
          for (let n = draw.whole(p['trip-days']); n >= 0; n--) person.abroad.set(day + n, city)
          person.away.add(day - 1)
        }
      }
    }
    for (const person of draw.some(this.#people, draw.whole(organisation.joins))) person.joins = draw.whole([8, days - 8])
  }

  #live(person: Person, day: number): void {
    if (day < person.joins || person.away.has(day)) return
    const draw = this.#draw
    const weekend = isWeekend(day)
    if (weekend && !draw.chance(person.weekend)) return
    const lazy = weekend ? 0.35 : 1
    const at = (): number => this.#at(day, person.starts + person.hours * draw.unit() ** 0.9)
    if (draw.chance(person.newProgram)) person.programs.push(`tool${Math.floor(draw.unit() * 400)}`)
    if (draw.chance(person.newServer)) person.servers.push(draw.of(this.#servers).name)
    for (let n = Math.max(1, draw.poisson(person.signIns * lazy)); n > 0; n--)
      this.#signIn(
        person,
        at(),
        n === 1 ? person.workstation : draw.of([person.workstation, ...person.servers]),
        person.abroad.get(day) ?? person.city,
      )
    const failures = draw.poisson(person.failures) + (draw.chance(this.#p.person['forgets-password']) ? draw.whole([3, 9]) : 0)
    for (let n = failures; n > 0; n--) this.#failure(person.name, person.workstation, at())
    const factor = this.#monthEnd(person, day)
    for (let n = draw.poisson(draw.around(person.files, person.spread) * lazy * factor); n > 0; n--)
      this.#emit(at(), {
        event: { category: ['file'], type: ['access'] },
        user: { name: person.name },
        host: { name: person.workstation },
      })
    const bytes =
      draw.around(person.megabytes * MEGABYTE, person.spread) *
      lazy *
      factor *
      this.#factor(`user:${person.name}`, day, 'bytesFactor')
    for (let n = 0; n < 8; n++) this.#fetch(person.name, person.workstation, bytes / 8, at())
    for (const program of draw.some(person.programs, 3 + draw.poisson(4)))
      this.#start(person.name, person.workstation, program, 'shell', at())
    for (let n = draw.poisson(person.actionsADay * lazy); n > 0; n--) {
      if (draw.chance(person.newAction / Math.max(1, person.actionsADay)))
        person.actions.push(`Action${40 + Math.floor(draw.unit() * 300)}`)
      this.#action(person.name, draw.of(person.actions), at())
    }
  }

  #monthEnd(person: Person, day: number): number {
    const { organisation } = this.#p
    const teams = Math.round((organisation['month-end-teams'][0] + organisation['month-end-teams'][1]) / 2)
    const date = new Date((FIRST_DAY + day) * DAY_MS).getUTCDate()
    return person.team < teams && date >= 28 ? this.#draw.within(organisation['month-end-factor']) : 1
  }

  #serve(server: Server, day: number): void {
    const draw = this.#draw
    for (let n = draw.poisson(server.fresh); n > 0; n--) server.destinations.push(this.#destination())
    const queries = draw.around(server.queries, server.spread) * this.#factor(`host:${server.name}`, day, 'queriesFactor')
    for (let n = draw.poisson(queries); n > 0; n--)
      this.#emit(this.#at(day, draw.unit() * 24), {
        event: { category: ['network'], type: ['protocol'] },
        host: { name: server.name, os: { type: 'linux' } },
        dns: { type: 'query', question: { name: 'x', registered_domain: draw.of(server.destinations) } },
      })
    const bytes =
      draw.around(server.megabytes * MEGABYTE, server.spread) * this.#factor(`host:${server.name}`, day, 'bytesFactor')
    for (let n = 0; n < 12; n++) this.#send(server.name, bytes / 12, draw.of(server.destinations), this.#at(day, n * 2))
    if (server.backup && (day + server.name.length) % 7 === 5)
      this.#send(server.name, server.megabytes * 6 * MEGABYTE, 'backup.example', this.#at(day, 2))
    for (const program of ['cron', 'sshd', 'agent', `${server.name}-svc`])
      this.#start(undefined, server.name, program, 'init', this.#at(day, draw.unit() * 24))
  }

  #rollOut(day: number): void {
    const draw = this.#draw
    const { organisation, days } = this.#p
    const every = Math.floor(days / draw.whole(organisation['roll-outs']))
    if (day === 0 || day % every !== 3) return
    const program = `rollout${day}`
    for (const person of this.#people) {
      if (person.joins > day || !draw.chance(draw.within(organisation['roll-out-share']))) continue
      this.#start(person.name, person.workstation, program, 'updater', this.#at(day, person.starts + draw.unit() * 6))
      person.programs.push(program)
    }
    if (draw.chance(0.5))
      for (const person of draw.some(this.#people, 1))
        Object.assign(person, {
          team: Math.floor(draw.unit() * this.#teamPrograms.length),
          programs: [...draw.some(draw.of(this.#teamPrograms), 7), 'browser', 'mail', 'office'],
          servers: draw.some(this.#servers, 4).map(({ name }) => name),
        })
  }

  // ── Attacks ──

  #plan(): Attack[] {
    const draw = this.#draw
    const kinds = Object.keys(this.#p.attack) as AttackKind[]
    return Array.from({ length: draw.whole(this.#p.attacks) }, (_, n) => this.#attack(kinds[n % kinds.length]!))
  }

  #attack(kind: AttackKind): Attack {
    const draw = this.#draw
    const a = this.#p.attack
    const person = draw.of(this.#people.filter(({ joins, away }) => joins === 0 && away.size < 8))
    const server = draw.of(this.#servers)
    const first = this.#workday(person)
    const far = draw.of(CITIES.slice(4))
    const about = (days: number, ...entities: readonly string[]): Attack => ({
      kind,
      entities: new Set(entities),
      days: new Set(Array.from({ length: days }, (_, n) => FIRST_DAY + first + n)),
    })
    const user = `user:${person.name}`
    const workstation = `host:${person.workstation}`
    switch (kind) {
      case 'takeover': {
        const factor = draw.within(a.takeover.factor)
        this.#extra(user, first, {
          more: (day) => {
            const hour = draw.unit() * 23
            this.#signIn(person, this.#at(day, hour), draw.of(person.servers), far, 9000 + Math.floor(draw.unit() * 500))
            for (let n = draw.whole(a.takeover.files); n > 0; n--)
              this.#emit(this.#at(day, hour + draw.unit()), {
                event: { category: ['file'] },
                user: { name: person.name },
                host: { name: person.workstation },
              })
            this.#fetch(person.name, person.workstation, person.megabytes * factor * MEGABYTE, this.#at(day, hour + 0.5))
          },
        })
        return about(1, user)
      }
      case 'travel':
        this.#extra(user, first, {
          more: (day) =>
            this.#signIn(
              person,
              this.#at(day, person.starts + draw.within(a.travel.hours)),
              person.workstation,
              far,
              9000 + Math.floor(draw.unit() * 500),
            ),
        })
        return about(1, user)
      case 'exfiltration':
      case 'slow-exfiltration': {
        const days = draw.whole(a[kind].days)
        const factor = draw.within(a[kind].factor)
        for (let n = 0; n < days; n++) this.#extra(user, first + n, { bytesFactor: factor })
        return about(days, user)
      }
      case 'lateral': {
        const hosts = draw.some(this.#servers, draw.whole(a.lateral.hosts)).map(({ name }) => name)
        this.#extra(user, first, {
          more: (day) => {
            const hour = person.starts + draw.unit() * person.hours
            for (const [n, host] of hosts.entries()) this.#signIn(person, this.#at(day, hour + n * 0.03), host, person.city)
          },
        })
        return about(1, user, ...hosts.map((host) => `host:${host}`))
      }
      case 'guessing': {
        const failures = draw.whole(a.guessing.failures)
        const hour = draw.unit() * 22
        this.#extra(user, first, {
          more: (day) => {
            for (let n = 0; n < failures; n++) this.#failure(person.name, server.name, this.#at(day, hour + draw.unit()))
          },
        })
        return about(1, user, `host:${server.name}`)
      }
      case 'tools': {
        const programs = Array.from({ length: draw.whole(a.tools.programs) }, (_, n) => `implant${this.#serial++}-${n}`)
        this.#extra(user, first, {
          more: (day) => {
            for (const program of programs)
              this.#start(person.name, person.workstation, program, 'office', this.#at(day, person.starts + draw.unit() * 8))
          },
        })
        return about(1, user, workstation)
      }
      case 'cloud': {
        const count = draw.whole(a.cloud.actions)
        this.#extra(user, first, {
          more: (day) => {
            for (let n = 0; n < count; n++)
              this.#action(person.name, `Rare${Math.floor(draw.unit() * 500)}`, this.#at(day, person.starts + draw.unit() * 8))
          },
        })
        return about(1, user)
      }
      case 'beacon': {
        const days = draw.whole(a.beacon.days)
        const factor = draw.within(a.beacon.factor)
        for (let n = 0; n < days; n++)
          this.#extra(`host:${server.name}`, first + n, {
            queriesFactor: factor,
            more: (day) => this.#send(server.name, 5 * MEGABYTE, 'c2.example', this.#at(day, draw.unit() * 24)),
          })
        return about(days, `host:${server.name}`)
      }
      case 'odd-hours': {
        const nights = draw.whole(a['odd-hours'].nights)
        const events = draw.whole(a['odd-hours'].events)
        const hour = (person.starts + 24 - 6 + draw.unit() * 2) % 24
        for (let n = 0; n < nights; n++)
          this.#extra(user, first + n, {
            more: (day) => {
              this.#signIn(person, this.#at(day, hour), person.workstation, person.city)
              for (let i = 0; i < events; i++)
                this.#start(person.name, person.workstation, draw.of(person.programs), 'shell', this.#at(day, hour + draw.unit()))
            },
          })
        return about(nights, user)
      }
    }
  }

  #workday(person: Person): number {
    const days = Array.from({ length: this.#p.days - this.#p['attacks-from'] - 8 }, (_, n) => this.#p['attacks-from'] + n)
    return this.#draw.of(days.filter((day) => !isWeekend(day) && !person.away.has(day)))
  }

  #extra(entity: string, day: number, extra: Extra): void {
    const key = `${entity}@${day}`
    this.#extras.set(key, [...(this.#extras.get(key) ?? []), extra])
  }

  #factor(entity: string, day: number, name: 'bytesFactor' | 'queriesFactor'): number {
    return (this.#extras.get(`${entity}@${day}`) ?? []).reduce((factor, extra) => factor * (extra[name] ?? 1), 1)
  }

  // ── Events, in the shape that the parsers give ──

  #signIn(person: Person, at: number, host: string, city: City, network?: number): void {
    const own = person.phone !== undefined && this.#draw.chance(0.3) ? person.phone : person.network
    const number = network ?? (city === person.city ? own : 5000 + CITIES.indexOf(city))
    this.#emit(at, {
      event: { category: ['authentication'], type: ['start'], outcome: 'success', action: 'ssh_login' },
      user: { name: person.name },
      host: { name: host },
      source: {
        ip: '198.51.100.7',
        as: { number },
        geo: { country_iso_code: city.country, city_name: city.name, location: { lat: city.lat, lon: city.lon } },
      },
    })
  }

  #failure(user: string, host: string, at: number): void {
    this.#emit(at, {
      event: { category: ['authentication'], type: ['start'], outcome: 'failure' },
      user: { name: user },
      host: { name: host },
    })
  }

  #fetch(user: string, host: string, bytes: number, at: number): void {
    this.#emit(at, {
      event: { category: ['web'], type: ['access'] },
      user: { name: user },
      host: { name: host },
      http: { response: { bytes: Math.round(bytes) } },
    })
  }

  #send(host: string, bytes: number, domain: string, at: number): void {
    this.#emit(at, {
      event: { category: ['network'], type: ['connection'] },
      host: { name: host, os: { type: 'linux' } },
      source: { bytes: Math.round(bytes) },
      destination: { registered_domain: domain },
    })
  }

  #start(user: string | undefined, host: string, program: string, parent: string, at: number): void {
    this.#emit(at, {
      event: { category: ['process'], type: ['start'] },
      ...(user === undefined ? {} : { user: { name: user } }),
      host: { name: host },
      process: { name: program, parent: { name: parent } },
    })
  }

  #action(user: string, action: string, at: number): void {
    this.#emit(at, {
      event: { category: ['api'], type: ['change'], action, provider: 'iam.example', outcome: 'success' },
      user: { name: user },
    })
  }

  #destination(): string {
    return this.#draw.chance(0.4)
      ? `common${Math.floor(this.#draw.unit() * 40)}.example`
      : `site${Math.floor(this.#draw.unit() * 5000)}.example`
  }

  #at(day: number, hour: number): number {
    return Math.round((FIRST_DAY + day) * DAY_MS + (((hour % 24) + 24) % 24) * 3_600_000)
  }

  #emit(at: number, doc: JsonObject): void {
    this.#events.push({ at, doc })
  }
}

function isWeekend(day: number): boolean {
  const weekday = (FIRST_DAY + day + 4) % 7
  return weekday === 0 || weekday === 6
}

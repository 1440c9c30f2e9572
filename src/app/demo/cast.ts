/** The people, machines and addresses of the demo. Addresses outside are those that RFC 5737 keeps for documents. */

export const ATTACKER = '203.0.113.77'
export const ATTACKER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36'
export const DROP_SITE = '198.51.100.200'

export const SHOP = 'shop.sakura.example'
export const DOMAIN = 'SAKURA'

export interface Machine {
  readonly name: string
  readonly address: string
}

export const WEB: readonly Machine[] = [
  { name: 'web-01', address: '10.20.0.11' },
  { name: 'web-02', address: '10.20.0.12' },
  { name: 'web-03', address: '10.20.0.13' },
]
export const BREACHED_WEB = WEB[2]!
export const BASTION: Machine = { name: 'bastion', address: '10.20.0.7' }

const windows = (name: string, address: string): Machine => ({ name: `${name}.sakura.example`, address })
export const APP_SERVER = windows('APP-02', '10.20.1.22')
export const DB_SERVER = windows('DB-01', '10.20.1.31')
export const FILE_SERVER = windows('FS-01', '10.20.1.41')
export const DOMAIN_CONTROLLER = windows('DC-01', '10.20.1.10')
export const WORKSTATIONS: readonly Machine[] = [
  windows('WS-04', '10.20.2.104'),
  windows('WS-07', '10.20.2.107'),
  windows('WS-11', '10.20.2.111'),
]

/** The account whose password lay in the shop's settings. */
export const STOLEN_ACCOUNT = 't.mori'
export const ADMINISTRATORS: readonly string[] = ['k.tanaka', 'y.ito']
export const EMPLOYEES: readonly string[] = ['a.suzuki', 'm.sato', 'r.kato', 'h.yamada']

const FAMILY = [
  'tanaka',
  'suzuki',
  'sato',
  'ito',
  'kato',
  'yamada',
  'kobayashi',
  'watanabe',
  'nakamura',
  'hayashi',
  'mori',
  'abe',
]
const GIVEN = ['haruto', 'yui', 'sota', 'hina', 'ren', 'mei', 'yuto', 'sakura', 'riku', 'aoi']
export const CUSTOMERS: readonly string[] = FAMILY.flatMap((family) => GIVEN.map((given) => `${given}.${family}@mail.example`))

export const CUSTOMER_ADDRESSES: readonly string[] = [
  ...Array.from({ length: 40 }, (_, index) => `198.51.100.${index + 10}`),
  ...Array.from({ length: 40 }, (_, index) => `192.0.2.${index + 10}`),
]

export const BROWSERS: readonly string[] = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36',
]

export const PAGES: readonly string[] = [
  '/',
  '/items',
  '/items/4021',
  '/items/4022?color=indigo',
  '/cart',
  '/search?q=tea',
  '/about',
  '/assets/app.css',
  '/assets/app.js',
  '/assets/logo.svg',
]

import { addressBytes } from './address-bytes.ts'
import type { Indicator } from './indicator.ts'

/** Why an indicator is left out unless its list says otherwise. */
export type Guard = 'private-address' | 'wide-network' | 'popular-domain' | 'empty-file'

/** Networks that are nobody's on the internet (IANA's special-purpose registries). */
const SPECIAL: readonly (readonly [bytes: readonly number[], bits: number])[] = (
  [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/3',
    '::/127',
    'fc00::/7',
    'fe80::/10',
    'ff00::/8',
    '2001:db8::/32',
  ] as const
).map((network) => {
  const [address = '', bits = ''] = network.split('/')
  return [addressBytes(address)!, Number(bits)] as const
})

/** A network with more addresses than these holds half the world. */
const WIDEST_V4 = 12
const WIDEST_V6 = 24

/** Names that half the world talks to all day: as a whole they say nothing. Single URLs below them may. */
const POPULAR: ReadonlySet<string> = new Set(
  (
    'google.com googleapis.com gstatic.com googleusercontent.com youtube.com gmail.com microsoft.com microsoftonline.com live.com office.com office365.com ' +
    'windows.com windowsupdate.com azure.com azureedge.net windows.net msftconnecttest.com bing.com skype.com linkedin.com github.com githubusercontent.com ' +
    'apple.com icloud.com mzstatic.com amazon.com amazonaws.com cloudfront.net facebook.com fbcdn.net instagram.com whatsapp.net twitter.com x.com t.co ' +
    'cloudflare.com cloudflare.net akamai.net akamaiedge.net akadns.net fastly.net edgekey.net yahoo.com wikipedia.org netflix.com zoom.us adobe.com ' +
    'dropbox.com mozilla.org mozilla.com firefox.com debian.org ubuntu.com npmjs.org pypi.org docker.com docker.io digicert.com letsencrypt.org ' +
    'line.me yahoo.co.jp rakuten.co.jp ntp.org pool.ntp.org slack.com salesforce.com oracle.com sentry.io root-servers.net gtld-servers.net in-addr.arpa ip6.arpa'
  ).split(' '),
)

/** Hashes of nothing at all (MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512). */
const OF_NOTHING: ReadonlySet<string> = new Set([
  'd41d8cd98f00b204e9800998ecf8427e',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'd14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b',
  'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
])

/** Why an indicator would only raise false alarms; undefined for a good one. */
export function guardOf({ kind, value }: Pick<Indicator, 'kind' | 'value'>): Guard | undefined {
  switch (kind) {
    case 'ip':
      return isSpecial(addressBytes(value)!, Number.POSITIVE_INFINITY) ? 'private-address' : undefined
    case 'network': {
      const slash = value.lastIndexOf('/')
      const bytes = addressBytes(value.slice(0, slash))!
      const bits = Number(value.slice(slash + 1))
      if (isSpecial(bytes, bits)) return 'private-address'
      return bits < (bytes.length === 4 ? WIDEST_V4 : WIDEST_V6) ? 'wide-network' : undefined
    }
    case 'domain':
      return POPULAR.has(value) ? 'popular-domain' : undefined
    case 'hash':
      return OF_NOTHING.has(value) ? 'empty-file' : undefined
    case 'url':
      return undefined
  }
}

/** Whether the first `bits` of an address lie in a special network. */
function isSpecial(bytes: readonly number[], bits: number): boolean {
  return SPECIAL.some(([network, width]) => network.length === bytes.length && width <= bits && shares(network, bytes, width))
}

function shares(one: readonly number[], other: readonly number[], bits: number): boolean {
  for (let at = 0; at < bits; at += 1) {
    const shift = 7 - (at & 7)
    if (((one[at >> 3]! >> shift) & 1) !== ((other[at >> 3]! >> shift) & 1)) return false
  }
  return true
}

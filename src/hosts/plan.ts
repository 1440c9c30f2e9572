import { AGENT_UNDO, type AgentCommandKind } from '../kernel/agent-command.ts'
import { DEAD_MAN, type ParamsOf } from './schema.ts'

export interface Summary {
  readonly en: string
  readonly ja: string
}

type Say = { readonly [K in AgentCommandKind]: (host: string, params: ParamsOf<K>) => Summary }

/** What will happen on the host, in words, before it does. */
const SAY: Say = {
  kill: (host, { pid, name }) => ({
    en: `On ${host}, end the process ${name === undefined ? '' : `${name} `}(${pid}) and every process it started.`,
    ja: `${host} で、プロセス${name === undefined ? '' : ` ${name}`}（PID ${pid}）とその子孫プロセスをすべて強制終了します。`,
  }),
  quarantine: (host, { path }) => ({
    en: `On ${host}, move ${path} into a store that only the agent can read. It can be restored.`,
    ja: `${host} で、${path} をエージェント専用の隔離領域へ移動します。あとで復元できます。`,
  }),
  restore: (host, { item }) => ({
    en: `On ${host}, put the quarantined file ${item} back where it was, unless another file is there now.`,
    ja: `${host} で、隔離したファイル ${item} を元の場所に戻します。同名のファイルがある場合は戻しません。`,
  }),
  isolate: (host, { allow, dns, deadManSeconds = DEAD_MAN.usual }) => {
    const more = [...allow, ...(dns === true ? ['DNS'] : [])]
    return {
      en: `Cut ${host} off from the network: only this server${more.length === 0 ? '' : ` and ${more.join(', ')}`} can be reached. It undoes itself once the server has been out of reach for ${deadManSeconds} seconds.`,
      ja: `${host} をネットワークから隔離します。通信できるのはこのサーバー${more.length === 0 ? '' : `と ${more.join('、')} `}だけになります。サーバーに ${deadManSeconds} 秒間到達できなければ、隔離は自動的に解除されます。`,
    }
  },
  release: (host) => ({ en: `Let ${host} back onto the network.`, ja: `${host} のネットワーク隔離を解除します。` }),
  'block-address': (host, { address }) => ({
    en: `On ${host}, drop all traffic from and to ${address}.`,
    ja: `${host} で、${address} との通信をすべて遮断します。`,
  }),
  'unblock-address': (host, { address }) => ({
    en: `On ${host}, let traffic from and to ${address} through again.`,
    ja: `${host} で、${address} との通信の遮断を解除します。`,
  }),
  'disable-account': (host, { account }) => ({
    en: `On ${host}, lock the account ${account}: neither its password nor its keys open a session. Sessions that are open stay.`,
    ja: `${host} のアカウント ${account} をロックします。パスワードでも鍵でもログインできなくなります。開いているセッションは残ります。`,
  }),
  'enable-account': (host, { account }) => ({
    en: `On ${host}, unlock the account ${account}.`,
    ja: `${host} のアカウント ${account} のロックを解除します。`,
  }),
  collect: (host, { paths, processes, packetSeconds = 0 }) => ({
    en: `On ${host}, capture ${[...(processes ? ['processes, connections and open files'] : []), ...(paths.length > 0 ? [`${paths.length} paths`] : []), ...(packetSeconds > 0 ? [`${packetSeconds} s of traffic`] : [])].join(', ') || "the agent's own events"}, and keep it as evidence.`,
    ja: `${host} で、${[...(processes ? ['プロセス・接続・開いているファイル'] : []), ...(paths.length > 0 ? [`${paths.length} 件のパス`] : []), ...(packetSeconds > 0 ? [`${packetSeconds} 秒間の通信`] : [])].join('、') || 'エージェント自身のイベント'}を採取し、証拠として保管します。`,
  }),
}

export function summaryOf<K extends AgentCommandKind>(kind: K, host: string, params: ParamsOf<K>): Summary {
  return SAY[kind](host, params)
}

export const isReversible = (kind: AgentCommandKind): boolean => AGENT_UNDO[kind] !== undefined

import type { RuleInfo } from '../../../kernel/detection.ts'

/** What the engine's findings are listed, judged and excepted as. The level is each finding's own; these are the usual ones. */
export const BEHAVIOUR_RULES = {
  user: {
    id: 'kanpeki-behaviour-user',
    version: '1',
    title: 'A user behaves unlike before',
    level: 'medium',
    file: 'built-in',
    description:
      'Several things that are unusual for this user came together: new or long unseen values, unusual amounts or hours, compared with the user’s own past and with others.',
    techniques: [],
    tactics: [],
    engine: 'behaviour',
    ja: {
      title: 'ユーザーのふだんと異なる振る舞い',
      description:
        'このユーザーにとってふだんと異なる事柄が重なりました。初めて、または長らく現れなかった値、量や時間帯の変化を、本人の過去とほかの人に照らして判定しています。',
    },
  },
  host: {
    id: 'kanpeki-behaviour-host',
    version: '1',
    title: 'A host behaves unlike before',
    level: 'medium',
    file: 'built-in',
    description:
      'Several things that are unusual for this host came together: programs, destinations and users that are new to it, unusual amounts or hours, compared with its own past and with other hosts.',
    techniques: [],
    tactics: [],
    engine: 'behaviour',
    ja: {
      title: 'ホストのふだんと異なる振る舞い',
      description:
        'このホストにとってふだんと異なる事柄が重なりました。初めてのプログラム・接続先・ユーザー、量や時間帯の変化を、そのホストの過去とほかのホストに照らして判定しています。',
    },
  },
  travel: {
    id: 'kanpeki-behaviour-travel',
    version: '1',
    title: 'Impossible travel',
    level: 'medium',
    file: 'built-in',
    description:
      'A user signed in from two places that are too far apart for the time between, and at least one of the networks is not one the user often comes from. Places are those that the configured databases know for the addresses.',
    techniques: ['T1078'],
    tactics: ['initial-access'],
    engine: 'behaviour',
    ja: {
      title: 'あり得ない移動',
      description:
        '同じユーザーが、その間に移動できるはずのない 2 か所からサインインし、少なくとも一方は、ふだん使うネットワークではありません。場所は、設定されたデータベースがアドレスから判定したものです。',
    },
  },
} as const satisfies Record<string, RuleInfo>

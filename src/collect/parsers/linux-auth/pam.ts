import { known } from '../../normalise/draft.ts'
import { classify, type MessageRule, setSource, setUser } from './rule.ts'

/** Programs that log a refused password themselves, with more detail than PAM does. */
const SELF_LOGGING: ReadonlySet<string> = new Set(['sshd', 'sudo', 'su', 'su-l', 'login'])

/** Lines of PAM's modules, `pam_unix(service:type): …`, whatever program they came through. */
export const pamRules: readonly MessageRule[] = [
  {
    starts: 'pam_',
    pattern: /^pam_\w+\(([^:)]*):session\): session (opened|closed) for user (\S*?)(?:\(uid=\d+\))?(?: by (\S*?)\(uid=\d+\).*)?$/,
    apply([, service, change, user, by], doc) {
      classify(doc, `session_${change}`, `session:${change === 'opened' ? 'start' : 'end'}`, 'success')
      const actor = known(by)
      if (actor === undefined || actor === user) setUser(doc, user)
      else setUser(doc, actor, { effective: { name: user ?? '' } })
      serviceOf(doc, service)
    },
  },
  {
    starts: 'pam_',
    pattern: /^pam_\w+\(([^:)]*):auth\): authentication failure; (.*)$/,
    apply([, service, fields = ''], doc) {
      const type = SELF_LOGGING.has(service ?? '') ? 'info' : 'start'
      classify(doc, 'pam_authentication_failure', `authentication:${type}`, 'failure')
      failureFields(doc, fields)
      serviceOf(doc, service)
    },
  },
  {
    starts: 'pam_',
    pattern: /^pam_\w+\(([^:)]*):auth\): check pass; user unknown$/,
    apply([, service], doc) {
      classify(doc, 'pam_user_unknown', 'authentication:info', 'failure')
      serviceOf(doc, service)
    },
  },
  {
    starts: 'pam_',
    pattern: /^pam_\w+\(([^:)]*):chauthtok\): password changed for (.+)$/,
    apply([, service, user], doc) {
      classify(doc, 'changed-password', 'iam:user,change', 'success')
      doc['user'] = { target: { name: user ?? '' } }
      serviceOf(doc, service)
    },
  },
  {
    starts: 'pam_',
    pattern: /^pam_\w+\(([^:)]*):chauthtok\): user "?(.*?)"? does not exist/,
    apply([, service, user], doc) {
      classify(doc, 'changed-password', 'iam:user,change', 'failure')
      doc['user'] = { target: { name: user ?? '' } }
      serviceOf(doc, service)
    },
  },
  {
    starts: 'PAM ',
    pattern: /^PAM (\d+) more authentication failures?; (.*)$/,
    apply([, , fields = ''], doc) {
      classify(doc, 'pam_authentication_failure', 'authentication:info', 'failure')
      failureFields(doc, fields)
    },
  },
]

/** `logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.1  user=root` */
function failureFields(doc: Parameters<MessageRule['apply']>[1], fields: string): void {
  setUser(doc, /(?:^|\s)user=(\S+)/.exec(fields)?.[1] ?? /(?:^|\s)ruser=(\S+)/.exec(fields)?.[1])
  setSource(doc, /(?:^|\s)rhost=(\S+)/.exec(fields)?.[1])
}

function serviceOf(doc: Parameters<MessageRule['apply']>[1], service: string | undefined): void {
  const name = known(service)
  if (name !== undefined) doc['service'] = { name }
}

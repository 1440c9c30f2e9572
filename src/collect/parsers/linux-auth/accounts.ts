import { type Draft, known, put } from '../../normalise/draft.ts'
import { classify, type MessageRule, type Outcome, setAuth } from './rule.ts'

/** Who ran the program is not in its line: only whose account it was. */
function account(
  doc: Draft,
  action: string,
  type: string,
  name: string | undefined,
  id?: string,
  outcome: Outcome = 'success',
): void {
  classify(doc, action, `iam:user,${type}`, outcome)
  const target: Draft = {}
  put(target, 'name', known(name))
  put(target, 'id', known(id))
  doc['user'] = { target }
}

function group(doc: Draft, action: string, type: string, name: string | undefined, id?: string, member?: string): void {
  classify(doc, action, `iam:group,${type}`, 'success')
  const draft: Draft = {}
  put(draft, 'name', known(name))
  put(draft, 'id', known(id))
  doc['group'] = draft
  const who = known(member)
  if (who !== undefined) doc['user'] = { target: { name: who, group: draft } }
}

/** shadow-utils: useradd, usermod, userdel, groupadd, groupmod, groupdel, gpasswd, passwd, chage. */
export const accountRules: readonly MessageRule[] = [
  {
    starts: 'new user: ',
    pattern: /^new user: name=([^,]+), UID=(\d+), GID=(\d+)(?:, home=([^,]*))?(?:, shell=([^,]*))?/,
    apply([, name, uid, gid, home, shell], doc) {
      account(doc, 'added-user-account', 'creation', name, uid)
      setAuth(doc, 'useradd', { home, shell })
      if (gid !== undefined) ((doc['user'] as Draft)['target'] as Draft)['group'] = { id: gid }
    },
  },
  {
    starts: 'failed adding user ',
    pattern: /^failed adding user '?([^',]*)'?/,
    apply([, name], doc) {
      account(doc, 'added-user-account', 'creation', name, undefined, 'failure')
    },
  },
  {
    starts: 'delete user ',
    pattern: /^delete user '([^']*)'/,
    apply([, name], doc) {
      account(doc, 'deleted-user-account', 'deletion', name)
    },
  },
  {
    starts: 'change user ',
    pattern: /^change user '([^']*)' (\w+)/,
    apply([, name, what], doc) {
      account(doc, what === 'password' ? 'changed-password' : 'modified-user-account', 'change', name)
    },
  },
  {
    starts: 'lock user ',
    pattern: /^lock user '([^']*)' password/,
    apply([, name], doc) {
      account(doc, 'disabled-user-account', 'change', name)
    },
  },
  {
    starts: 'unlock user ',
    pattern: /^unlock user '([^']*)' password/,
    apply([, name], doc) {
      account(doc, 'enabled-user-account', 'change', name)
    },
  },
  {
    starts: 'changed password expiry for ',
    pattern: /^changed password expiry for (\S+)/,
    apply([, name], doc) {
      account(doc, 'modified-user-account', 'change', name)
    },
  },
  {
    starts: 'new group: ',
    pattern: /^new group: name=([^,]+), GID=(\d+)/,
    apply([, name, gid], doc) {
      group(doc, 'added-group-account', 'creation', name, gid)
    },
  },
  {
    starts: 'group added to ',
    pattern: /^group added to (?:\S+): name=([^,\s]+)(?:, GID=(\d+))?/,
    apply([, name, gid], doc) {
      group(doc, 'added-group-account', 'creation', name, gid)
    },
  },
  {
    starts: '',
    pattern: /^(?:removed )?group '([^']*)' (?:removed|owned by)/,
    apply([, name], doc) {
      group(doc, 'deleted-group-account', 'deletion', name)
    },
  },
  {
    starts: 'add ',
    pattern: /^add '([^']*)' to (?:shadow )?group '([^']*)'/,
    apply([, member, name], doc) {
      group(doc, 'added-member-to-group', 'change', name, undefined, member)
    },
  },
  {
    starts: 'delete ',
    pattern: /^delete '([^']*)' from (?:shadow )?group '([^']*)'/,
    apply([, member, name], doc) {
      group(doc, 'removed-member-from-group', 'change', name, undefined, member)
    },
  },
  {
    starts: 'user ',
    pattern: /^user (\S+) (added|removed) by (\S+) (?:to|from) group (\S+)/,
    apply([, member, change, by, name], doc) {
      group(doc, change === 'added' ? 'added-member-to-group' : 'removed-member-from-group', 'change', name, undefined, member)
      const user = doc['user'] as Draft
      put(user, 'name', known(by))
    },
  },
]

/**
 * What to run on the machine: it makes its own key, which never leaves it, and asks for a certificate. Needs OpenSSL 3,
 * curl and jq. `origin` is this server's address; `--cacert` trusts the authority that the page offers for download.
 */
export function enrolCommand(origin: string, token: string): string {
  const trust = origin.startsWith('https:') ? '--cacert kanpeki-ca.pem ' : ''
  return [
    ...(trust === '' ? [] : [`curl -sk ${origin}/pki/ca.pem -o kanpeki-ca.pem   # compare its fingerprint with this page`]),
    'openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=$(hostname)" -keyout agent.key -out agent.csr',
    `jq -n --arg name "$(hostname)" --rawfile csr agent.csr '{$name, $csr}' |`,
    `  curl -sf ${trust}${origin}/api/v1/agents/enrol -H 'content-type: application/json' -H 'authorization: Bearer ${token}' -d @- |`,
    '  jq -r .certificate > agent.pem',
  ].join('\n')
}

/**
 * What to run on the machine, which needs OpenSSL 3, curl and jq. Over TLS first `trust`: it takes down the certificate that
 * the server shows and prints its fingerprint for a person to compare, since whoever answers in the server's place would
 * get the token. Then `enrol`: the machine makes its own key, which never leaves it, and asks for a certificate.
 */
export function enrolCommands(origin: string, token: string): { readonly trust: string | undefined; readonly enrol: string } {
  const { protocol, hostname, port } = new URL(origin)
  const secure = protocol === 'https:'
  const enrol = [
    'openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \\',
    '  -subj "/CN=$(hostname)" -keyout agent.key -out agent.csr',
    `jq -n --arg name "$(hostname)" --rawfile csr agent.csr '{$name, $csr}' > request.json`,
    `curl -sSf ${secure ? '--cacert server.pem ' : ''}${origin}/api/v1/agents/enrol -H 'content-type: application/json' \\`,
    `  -H 'authorization: Bearer ${token}' -d @request.json -o enrolled.json`,
    'jq -r .certificate enrolled.json > agent.pem',
  ]
  const trust = [
    `openssl s_client -connect ${hostname}:${port === '' ? '443' : port} -servername ${hostname} < /dev/null 2> /dev/null \\`,
    '  | openssl x509 -out server.pem',
    'openssl x509 -in server.pem -noout -fingerprint -sha256',
  ]
  return { trust: secure ? trust.join('\n') : undefined, enrol: enrol.join('\n') }
}

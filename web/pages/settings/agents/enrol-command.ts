/**
 * What to run on the machine: it makes its own key, which never leaves it, and asks for a certificate. Needs OpenSSL 3,
 * curl and jq. Over TLS it first takes down the certificate that the server shows, for a person to compare: whoever
 * answers in its place would otherwise get the token. `origin` is this server's address.
 */
export function enrolCommand(origin: string, token: string): string {
  const { protocol, host, hostname, port } = new URL(origin)
  const secure = protocol === 'https:'
  const ask = [
    "jq -n --arg name \"$(hostname)\" --rawfile csr agent.csr '{$name, $csr}' > request.json",
    `curl -sSf ${secure ? '--cacert server.pem ' : ''}${origin}/api/v1/agents/enrol -H 'content-type: application/json' \\`,
    `  -H 'authorization: Bearer ${token}' -d @request.json -o enrolled.json`,
    'jq -r .certificate enrolled.json > agent.pem',
  ]
  return [
    ...(secure ? [`openssl s_client -connect ${port === '' ? `${host}:443` : host} -servername ${hostname} < /dev/null 2> /dev/null \\`, '  | openssl x509 -out server.pem'] : []),
    'openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \\',
    '  -subj "/CN=$(hostname)" -keyout agent.key -out agent.csr',
    ...ask,
  ].join('\n')
}

/** Prints the fingerprint of the certificate that was taken down, to be compared with what the server says of itself. */
export const FINGERPRINT_COMMAND = 'openssl x509 -in server.pem -noout -fingerprint -sha256'

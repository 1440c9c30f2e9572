/**
 * What to run on the machine, where Kanpeki lies. Over TLS first `trust`: it takes down the certificate that the server shows
 * and prints its fingerprint for a person to compare, since whoever answers in the server's place would get the token. Then
 * `enrol`: the machine makes its own key, which never leaves it, asks for a certificate, and `run` begins to watch.
 */
export function enrolCommands(
  origin: string,
  token: string,
): { readonly trust: string | undefined; readonly enrol: string; readonly run: string } {
  const { protocol, hostname, port } = new URL(origin)
  const secure = protocol === 'https:'
  const trust = [
    `openssl s_client -connect ${hostname}:${port === '' ? '443' : port} -servername ${hostname} < /dev/null 2> /dev/null \\`,
    '  | openssl x509 -out server.pem',
    'openssl x509 -in server.pem -noout -fingerprint -sha256',
  ]
  return {
    trust: secure ? trust.join('\n') : undefined,
    enrol: `KANPEKI_TOKEN=${token} ./kanpeki agent enrol --to ${origin}${secure ? ' --ca server.pem' : ''}`,
    run: './kanpeki agent run',
  }
}

/** A line that sends one event as it stands: the real address, `$TOKEN` unless a token is given. Any POSIX shell runs it. */
export function curlLine(token = '$TOKEN'): string {
  return `printf '{"create":{}}\\n{"message":"hello from curl"}\\n' |
  curl -H "Authorization: Bearer ${token}" \\
  -H "Content-Type: application/x-ndjson" \\
  --data-binary @- ${window.location.origin}/_bulk`
}

/** What a new playbook begins as: small, valid, and with a test. */
export const TEMPLATE = `id: my-playbook
name: My playbook
description: What it is for.
x-kanpeki:
  ja: { name: 新しいプレイブック }
  # Begins by itself for such alerts; without triggers it is begun by hand.
  # triggers: [{ techniques: [T1110], severity: 2, entity: [address] }]
  limits: { run: { address: 3 }, hour: { address: 20 } }
playbook_variables:
  __address__: { type: ipv4-addr, external: true }
workflow_start: start
workflow:
  start: { type: start, on_completion: block }
  block:
    type: action
    name: Block the address
    x-kanpeki: { ja: アドレスを遮断, action: block-address, input: { address: '__address__:value' } }
    on_success: done
    on_failure: by-hand
  by-hand:
    type: action
    name: Ask a person
    commands: [{ type: manual, command: 'Block __address__:value by hand.' }]
    on_completion: done
  done: { type: end }
tests:
  - name: it is blocked
    variables: { __address__: 203.0.113.9 }
    expect: [start, block, done]
`

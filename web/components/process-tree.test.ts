import { expect, it } from 'vitest'
import { processTree } from './process-tree.ts'

const row = (pid: number, parent: number, command_line: string, name = 'x'): string =>
  JSON.stringify({ pid, parent, name, command_line, executable: null })

it('sets each process below its parent, in the order of the list, and ends whatever the list says', () => {
  const rows = [
    row(1, 0, '/sbin/init'),
    row(2, 0, '', 'kthreadd'),
    row(7, 1, 'sshd'),
    row(9, 7, 'bash -i'),
    row(8, 1, 'cron'),
    row(11, 10, 'lost'),
  ]
  expect(processTree([...rows, '{"pid":12,"par'].join('\n')).split('\n')).toEqual([
    ...['1  /sbin/init', '  7  sshd', '    9  bash -i', '  8  cron', '2  [kthreadd]', '11  lost'],
  ])
  expect(processTree([row(5, 5, 'itself'), row(1, 2, 'a'), row(2, 1, 'b')].join('\n'))).toBe('5  itself')
})

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Verdict, verdictResponse } from '../../../src/detect/schema.ts'
import { call } from '../../api/client.ts'
import { useNotice } from '../../components/notice.tsx'
import { useProblemText } from '../../components/problem-note.tsx'

export interface LastVerdict {
  readonly ids: readonly string[]
  readonly name: string
  readonly verdict: Verdict
  /** For how long the same rules about the same entities only count. */
  readonly quietHours?: number
}

/** Gives verdicts, remembers the last one, and takes it back. */
export function useVerdict() {
  const client = useQueryClient()
  const notice = useNotice()
  const problemText = useProblemText()
  const [last, setLast] = useState<LastVerdict | undefined>()
  const refused = (error: unknown): void => notice({ text: problemText(error), sticky: true })
  const refresh = (): void => {
    void client.invalidateQueries({ queryKey: ['alerts'] })
  }
  const give = useMutation({
    mutationFn: ({ ids, verdict, quietHours = 0 }: LastVerdict) =>
      call(verdictResponse, '/api/v1/alerts/verdict', { method: 'POST', body: { ids, verdict, note: '', quietHours } }),
    onSuccess: (_, given) => {
      setLast(given)
      refresh()
    },
    onError: refused,
  })
  const undo = useMutation({
    mutationFn: (given: LastVerdict) =>
      call(verdictResponse, '/api/v1/alerts/undo', { method: 'POST', body: { ids: given.ids } }),
    onSuccess: () => {
      setLast(undefined)
      refresh()
    },
    onError: refused,
  })
  return {
    last,
    busy: give.isPending || undo.isPending,
    give: (given: LastVerdict) => give.mutate(given),
    undo: () => {
      if (last !== undefined) undo.mutate(last)
    },
    /** The last verdict again, and quiet for a while. */
    quiet: (hours: number) => {
      if (last !== undefined && last.verdict !== 'escalated') give.mutate({ ...last, quietHours: hours })
    },
    forget: () => setLast(undefined),
  }
}

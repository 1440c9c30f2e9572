import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Deed, incidentDetail } from '../../../src/respond/incidents/schema.ts'
import { call } from '../../api/client.ts'
import { incidentQuery } from '../../api/incidents.ts'
import { useNotice } from '../../components/notice.tsx'
import { useProblemText } from '../../components/problem-note.tsx'

/** A deed as the console asks for it: what has a default may be left out. */
export type AskedDeed = Deed extends infer D
  ? D extends { do: infer K }
    ? { readonly do: K } & Partial<Omit<D, 'do'>>
    : never
  : never

/** Does one thing to an incident; what it looks like afterwards is shown at once. */
export function useDeed(id: string) {
  const client = useQueryClient()
  const notice = useNotice()
  const problemText = useProblemText()
  const deed = useMutation({
    mutationFn: (asked: AskedDeed) =>
      call(incidentDetail, `/api/v1/incidents/${encodeURIComponent(id)}/deeds`, { method: 'POST', body: asked }),
    onSuccess: (detail) => {
      client.setQueryData(incidentQuery(id).queryKey, detail)
      void client.invalidateQueries({ queryKey: ['incidents'] })
    },
    onError: (error) => notice({ text: problemText(error), sticky: true }),
  })
  return (asked: AskedDeed, done?: () => void): void => deed.mutate(asked, done === undefined ? {} : { onSuccess: done })
}

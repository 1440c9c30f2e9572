import { queryOptions } from '@tanstack/react-query'
import { exerciseDetail, exercisesReply } from '../../src/respond/exercises/schema.ts'
import { call } from './client.ts'

export const exercisesQuery = queryOptions({
  queryKey: ['exercises', 'list'],
  queryFn: ({ signal }) => call(exercisesReply, '/api/v1/exercises', { signal }),
})

export const exerciseQuery = (id: string) =>
  queryOptions({
    queryKey: ['exercises', 'one', id],
    queryFn: ({ signal }) => call(exerciseDetail, `/api/v1/exercises/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: 15_000,
  })

import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { z } from 'zod'

const bilingual = z.object({ en: z.string().min(1), ja: z.string().min(1) })

const actsFile = z.object({
  title: bilingual,
  acts: z.array(
    z.object({
      id: z.int().min(0),
      title: bilingual,
      text: bilingual,
      /** File names of our own pack's rules, without `.yml`, that must speak in this act. */
      rules: z.array(z.string()),
    }),
  ),
})

export type StoryTexts = z.infer<typeof actsFile>

/** What the console and the terminal say of each act, from `content/demo/story.yml`. */
export function readStoryTexts(file: string): StoryTexts {
  return actsFile.parse(load(readFileSync(file, 'utf8')))
}

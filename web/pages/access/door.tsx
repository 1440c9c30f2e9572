import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { FullSeal } from '../../components/seal.tsx'
import { Switches } from '../../components/shell/top-bar.tsx'

/** The frame of the pages before sign-in. */
export function Door({
  title,
  text,
  wide = false,
  children,
}: {
  title: string
  text: string
  wide?: boolean
  children: ReactNode
}): ReactNode {
  const { t } = useTranslation('access')
  return (
    <div className="door">
      <title>{`${title} — Kanpeki`}</title>
      <header className="door-b">
        <Switches />
      </header>
      <main className="door-m">
        <section className={wide ? 'sheet door-card wide' : 'sheet door-card'}>
          <FullSeal size={60} />
          <h1>{title}</h1>
          <p>{text}</p>
          {children}
        </section>
      </main>
      <footer className="door-f motto" lang="ja">
        {t('motto')}
      </footer>
    </div>
  )
}

import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Checked } from '../../../src/respond/playbooks/schema.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'

/** How the tests of a playbook ended. */
export function Tests({ tests }: { tests: Checked['tests'] }): ReactNode {
  const { t } = useTranslation('playbooks')
  return (
    <section className="sec">
      <h3>{t('tests', { passed: tests.filter(({ passed }) => passed).length, all: tests.length })}</h3>
      {tests.length === 0 ? <p className="ink2">{t('noTests')}</p> : null}
      <ul className="pb-steps">
        {tests.map((test) => (
          <li key={test.name}>
            <div className="row">
              <StateGlyph state={test.passed ? 'met' : 'miss'} />
              <bdi>{test.name}</bdi>
            </div>
            {test.passed ? null : (
              <p className="label">
                {t('went', { expected: test.expected.join(' → '), went: test.went.join(' → ') })} {test.reason}
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

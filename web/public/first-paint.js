// Sets language and theme before the first paint, so that a person who chose dark never sees a white flash.
// A file of its own because the console's content security policy allows no inline script.
;(() => {
  const root = document.documentElement
  try {
    const kept = JSON.parse(localStorage.getItem('kanpeki.preferences') || '{}')
    if (kept.theme === 'light' || kept.theme === 'dark') root.dataset.theme = kept.theme
    root.lang = kept.lang || (navigator.language.startsWith('ja') ? 'ja' : 'en')
  } catch {
    root.lang = navigator.language.startsWith('ja') ? 'ja' : 'en'
  }
})()

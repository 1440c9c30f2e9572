import { useEffect, useState } from 'react'

/** The time, refreshed every `seconds` while the page is visible: for ages and deadlines. */
export function useNow(seconds = 10): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setNow(Date.now())
    }, seconds * 1000)
    return () => clearInterval(timer)
  }, [seconds])
  return now
}

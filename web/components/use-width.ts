import { type RefObject, useLayoutEffect, useState } from 'react'

/** The element's width in CSS pixels, kept up to date: charts draw to it so that their text is never scaled. */
export function useWidth(ref: RefObject<Element | null>, fallback: number): number {
  const [width, setWidth] = useState(fallback)
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    setWidth(element.clientWidth || fallback)
    const observer = new ResizeObserver(() => setWidth(element.clientWidth || fallback))
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref, fallback])
  return width
}

const BUNDLE = /^(ALSA|ALBA|ALEA|RLSA|RXSA|RHSA|RHBA|RHEA|CESA|SUSE|openSUSE|DSA|DLA|USN|MGASA|OESA|ELSA|ALAS|GLSA|PHSA|FEDORA)/

/** Whether a name is of what a distribution mends together, often several weaknesses: none of them is called by it. */
export function isBundleName(name: string): boolean {
  return BUNDLE.test(name)
}

const set = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Elements that run, load or reshape a page by being there; an ordinary text has no use for them. */
export const ACTIVE_TAGS =
  set(`script iframe frame frameset object embed applet base basefont bgsound meta link style svg math xml xss isindex
  layer ilayer foreignobject animate animatemotion animatetransform noscript noembed noframes plaintext xmp
  portal fencedframe blink keygen htmlarea`)

/** Attributes whose value is an address that a browser follows or loads. */
export const ADDRESS_ATTRIBUTES =
  set(`href src action formaction data background poster lowsrc dynsrc longdesc cite codebase code archive classid
  profile usemap manifest icon from to by values folder object ping srcset content xlink:href xml:base fscommand seeksegmenttime`)

/** Attributes that carry a document, a style or a binding whole. */
export const CARRIERS = set('srcdoc datasrc dataformatas datafld datasrc http-equiv xmlns:xlink xml:base attributename')

/** Events of HTML, SVG and older browsers: what may stand after a broken-out attribute value without a tag before it. */
const EVENTS =
  set(`abort activate afterprint afterscriptexecute afterupdate animationcancel animationend animationiteration animationstart auxclick
  beforeactivate beforecopy beforecut beforedeactivate beforeeditfocus beforeinput beforematch beforepaste beforeprint beforescriptexecute beforetoggle
  beforeunload beforeupdate begin blur bounce cancel canplay canplaythrough cellchange change click close command contentvisibilityautostatechange
  contextmenu controlselect copy cuechange cut dataavailable datasetchanged datasetcomplete dblclick deactivate drag dragdrop dragend dragenter dragexit
  dragleave dragover dragstart drop durationchange emptied end ended error errorupdate filterchange finish focus focusin focusout formchange formdata
  forminput fullscreenchange gesturechange gestureend gesturestart gotpointercapture hashchange help input invalid keydown keypress keyup languagechange
  layoutcomplete load loadeddata loadedmetadata loadend loadstart losecapture lostpointercapture message messageerror mousedown mouseenter mouseleave
  mousemove mouseout mouseover mouseup mousewheel move moveend movestart mozfullscreenchange offline online open orientationchange outofsync pagehide
  pagereveal pageshow pageswap paste pause play playing pointercancel pointerdown pointerenter pointerleave pointermove pointerout pointerover
  pointerrawupdate pointerup popstate progress propertychange ratechange readystatechange rejectionhandled repeat reset resize resizeend resizestart
  resume reverse rowdelete rowenter rowexit rowinserted rowsdelete rowsinserted scroll scrollend scrollsnapchange scrollsnapchanging search securitypolicyviolation
  seek seeked seeking select selectionchange selectstart show slotchange stalled start stop storage submit suspend syncrestored timeerror timeupdate toggle
  touchcancel touchend touchmove touchstart trackchange transitioncancel transitionend transitionrun transitionstart unhandledrejection unload urlflip
  volumechange waiting webkitanimationend webkitanimationiteration webkitanimationstart webkitmouseforceup webkitmouseforcewillbegin webkitplaybacktargetavailabilitychanged
  webkittransitionend webkitwillrevealbottom wheel zoom`)

/** A name that browsers know for an event. */
export function isEvent(name: string): boolean {
  return name.startsWith('on') && EVENTS.has(name.slice(2))
}

/** Within a tag any name that is built like an event's counts: new events come with every browser. */
export function looksLikeEvent(name: string): boolean {
  return /^on[a-z]{3,40}$/.test(name) && !/^(?:once|only|onset|onward|onwards|onion|onlyif)$/.test(name)
}

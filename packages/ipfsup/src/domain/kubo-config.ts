/**
 * `Update.Version` in the text of Kubo's config. The rest of the text stays as it is to the byte: numbers beyond 2^53, order, indentation,
 * line ends. So it is not parsed and written anew, but the place is found and only that is changed.
 */

export type ConfigEdit =
  | { readonly kind: 'changed', readonly text: string }
  | { readonly kind: 'same' }
  /** It is not JSON, or not as Kubo writes it: a key stands there twice, or `Update` is no object. */
  | { readonly kind: 'unclear' }

interface Span { readonly start: number, readonly end: number }
interface Member { readonly key: string, readonly keyAt: number, readonly value: Span }

/** @returns undefined: there is none; null: what stands there is no text, or the config is none that we read */
export function readUpdateVersion (text: string): string | undefined | null {
  const place = findPlace(text)
  if (place === undefined) return null
  return place.version === undefined ? undefined : stringAt(text, place.version.value) ?? null
}

export function writeUpdateVersion (text: string, version: string): ConfigEdit {
  const place = findPlace(text)
  if (place === undefined) return { kind: 'unclear' }
  const value = JSON.stringify(version)
  if (place.version !== undefined) {
    const present = stringAt(text, place.version.value)
    if (present === undefined) return { kind: 'unclear' }
    return present === version ? { kind: 'same' } : changed(text, place.version.value, value)
  }
  return place.update === undefined ? changed(text, ...newMember(text, place.top, 'Update', deeper => `{${deeper(`"Version": ${value}`)}}`)) : changed(text, ...newMember(text, place.update, 'Version', () => value))
}

const changed = (text: string, { start, end }: Span, value: string): ConfigEdit => ({ kind: 'changed', text: text.slice(0, start) + value + text.slice(end) })

/** A member at the end of the object at `span`, indented as those before it. @param write gets how to put lines one level deeper */
function newMember (text: string, span: Span, key: string, write: (deeper: (line: string) => string) => string): [Span, string] {
  const members = membersAt(text, span.start)
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const own = indentBefore(text, lastLineStart(text, span.start))
  const last = members.at(-1)
  const spread = last === undefined ? text.includes('\n') : /[\n\r]/.test(text.slice(span.start, members[0]!.keyAt))
  const inner = last === undefined || !spread ? own + indentOf(text) : indentBefore(text, lastLineStart(text, last.keyAt))
  const deeper = (line: string): string => spread ? `${lineEnd}${inner}${indentOf(text)}${line}${lineEnd}${inner}` : line
  const member = `"${key}": ${write(deeper)}`
  if (last !== undefined) return [{ start: last.value.end, end: last.value.end }, `,${spread ? lineEnd + inner : ' '}${member}`]
  return [{ start: span.start + 1, end: span.end - 1 }, spread ? `${lineEnd}${inner}${member}${lineEnd}${own}` : member]
}

/** One level of the text's own indentation: that of its first member, two blanks where it tells none. */
const indentOf = (text: string): string => /^\{\s*?\r?\n([ \t]+)"/.exec(text.trimStart())?.[1] ?? '  '
const lastLineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1
const indentBefore = (text: string, lineStart: number): string => /^[ \t]*/.exec(text.slice(lineStart))![0]

interface Place { readonly top: Span, readonly update: Span | undefined, readonly version: Member | undefined }

function findPlace (text: string): Place | undefined {
  try { JSON.parse(text) } catch { return undefined } // from here on the text is known to be JSON
  const start = skipBlanks(text, 0)
  if (text[start] !== '{') return undefined
  const top = { start, end: valueEnd(text, start) }
  const updates = membersAt(text, start).filter(member => member.key === 'Update')
  if (updates.length === 0) return { top, update: undefined, version: undefined }
  const update = updates[0]!.value
  if (updates.length > 1 || text[update.start] !== '{') return undefined
  const versions = membersAt(text, update.start).filter(member => member.key === 'Version')
  return versions.length > 1 ? undefined : { top, update, version: versions[0] }
}

const stringAt = (text: string, { start, end }: Span): string | undefined => text[start] === '"' ? JSON.parse(text.slice(start, end)) as string : undefined

function skipBlanks (text: string, at: number): number {
  while (' \t\n\r'.includes(text[at] ?? 'x')) at++
  return at
}

function membersAt (text: string, objectAt: number): Member[] {
  const members: Member[] = []
  let at = skipBlanks(text, objectAt + 1)
  while (text[at] !== '}') {
    const keyEnd = stringEnd(text, at)
    const start = skipBlanks(text, skipBlanks(text, keyEnd) + 1) // over the colon
    const end = valueEnd(text, start)
    members.push({ key: JSON.parse(text.slice(at, keyEnd)) as string, keyAt: at, value: { start, end } })
    at = skipBlanks(text, end)
    if (text[at] === ',') at = skipBlanks(text, at + 1)
  }
  return members
}

function valueEnd (text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at)
  if (text[at] !== '{' && text[at] !== '[') {
    while (!',}] \t\n\r'.includes(text[at] ?? ',')) at++
    return at
  }
  for (let depth = 0; ;) {
    const char = text[at]!
    if (char === '"') { at = stringEnd(text, at); continue }
    at++
    if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return at
  }
}

/** @param at of the opening quote @returns behind the closing one */
function stringEnd (text: string, at: number): number {
  for (at++; text[at] !== '"'; at++) if (text[at] === '\\') at++
  return at + 1
}

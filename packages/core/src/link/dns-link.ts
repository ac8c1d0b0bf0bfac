const LINK = /^dnslink=(\/(?:ipfs|ipns)\/.+)$/su

/**
 * The path that a domain's TXT records lead to. Of several, the first in the order of their text: whoever asks gets the same one. Spec: dnslink.dev
 * @param texts of the records, the strings of each joined @param maxCharacters longer ones are passed over
 * @returns undefined for none
 */
export function readDnsLink (texts: readonly string[], maxCharacters: number): string | undefined {
  const links = texts.map(text => LINK.exec(text.trim())?.[1]).filter(link => link !== undefined)
  return links.sort((a, b) => a < b ? -1 : 1).find(link => link.length <= maxCharacters)
}

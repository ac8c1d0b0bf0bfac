// Stands in for the package of this name, whose licence (WTFPL) is not among those we ship. Helia's keychain uses it, through
// sanitize-filename, to shorten key names.
export default function truncate (text, maxBytes) {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end-- // not inside a character
  return bytes.toString('utf8', 0, end)
}

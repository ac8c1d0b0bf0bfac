export interface Cell { readonly format: string, readonly tool: string, readonly bytes: number, /** Whether the output was the very file. */ readonly same: boolean }

const LEFT = 120
const ROW = 92
const BAR = 10
const WIDTH = 760
/** The scale is logarithmic, from a kilobyte to a gigabyte. */
const FIRST = 3
const DECADES = 6
const OURS = 'ipfs-dedup-sync'

/** The table as a picture: one group of bars a format, one bar a tool, with its bytes beside it. */
export function drawTable (cells: readonly Cell[], sizeMb: number): string {
  const formats = [...new Set(cells.map(cell => cell.format))]
  const height = 70 + formats.length * ROW
  const x = (bytes: number): number => LEFT + (WIDTH - LEFT - 120) * Math.min(1, Math.max(0, Math.log10(bytes) - FIRST) / DECADES)
  const lines = Array.from({ length: DECADES + 1 }, (_, i) => 10 ** (FIRST + i)).map(bytes =>
    `<line x1="${x(bytes)}" x2="${x(bytes)}" y1="44" y2="${height - 14}" class="grid"/><text x="${x(bytes)}" y="38" class="axis">${sizeText(bytes)}</text>`)
  const groups = formats.map((format, f) => {
    const own = cells.filter(cell => cell.format === format)
    const bars = own.map(({ tool, bytes, same }, i) => {
      const y = 54 + f * ROW + i * (BAR + 1.5)
      return `<rect x="${LEFT}" y="${y}" width="${Math.max(1, x(bytes) - LEFT)}" height="${BAR}" class="${tool === OURS ? 'ours' : 'other'}"/><text x="${x(bytes) + 4}" y="${y + 8.5}" class="label">${tool} ${sizeText(bytes)}${same ? '' : ', wrong bytes'}</text>`
    })
    return `<text x="${LEFT - 8}" y="${54 + f * ROW + 42}" class="format">${escape(format)}</text>${bars.join('')}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Bytes on the wire for three added characters, by tool and format; the numbers are in the table of the text">
<style>text{font:11px sans-serif;fill:#222}.axis{text-anchor:middle;fill:#666}.format{text-anchor:end;font-weight:bold}.label{font-size:9px}.grid{stroke:#ddd}.ours{fill:#0a7d38}.other{fill:#9aa7b4}.title{font-size:13px;font-weight:bold}</style>
<rect width="100%" height="100%" fill="#fff"/><text x="10" y="18" class="title">${sizeMb} MB of source, three characters added: bytes on the wire (logarithmic)</text>
${lines.join('')}
${groups.join('\n')}
</svg>
`
}

function sizeText (bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const unit = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${units[unit]!}`
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

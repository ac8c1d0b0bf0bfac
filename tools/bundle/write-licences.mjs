import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Licences that ask for nothing but their text. A choice (`A OR B`) needs one of them, a sum (`A AND B`) each. */
const ALLOWED = new Set(['MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD', 'BlueOak-1.0.0'])
const APACHE = 'The text of the Apache License 2.0'
const TEXT_FILE = /^(licen[cs]e|copying|notice)([-.].*)?$/i

/** Writes dist/THIRD_PARTY_LICENSES.txt: name, version, licence and text of every package that a bundle holds code of. */
export async function writeLicences (dist, manifest, metafiles) {
  const packages = new Map()
  for (const metafile of metafiles) {
    for (const output of Object.values(metafile.outputs)) {
      for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
        if (bytesInOutput === 0) continue
        const found = packageOf(path.resolve(input))
        if (found !== undefined) packages.set(`${found.name} ${found.version}`, found)
      }
    }
  }
  const parts = [...packages.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([title, found]) => {
    const licence = licenceOf(found)
    if (!isAllowed(licence)) throw new Error(`${manifest.name} bundles ${title}, whose licence ${licence} is not among ${[...ALLOWED].join(', ')}`)
    const texts = textsOf(found.folder)
    if (texts.length === 0) texts.push(textFor(title, found.name, licence))
    return `${title} (${licence})\n\n${texts.join('\n\n')}\n`
  })
  const head = `${manifest.name} ${manifest.version} holds code of ${parts.length} other packages.\n`
  const tail = `${APACHE}\n\n${known('Apache-2.0')}\n`
  await writeFile(path.join(dist, 'THIRD_PARTY_LICENSES.txt'), [head, ...parts, tail].join(`\n${'-'.repeat(80)}\n`))
}

/** The package a file belongs to; undefined for our own sources. A package.json without a name only sets a folder's module type. */
function packageOf (file) {
  if (!file.includes(`${path.sep}node_modules${path.sep}`)) return undefined
  for (let folder = path.dirname(file); path.basename(folder) !== 'node_modules'; folder = path.dirname(folder)) {
    const at = path.join(folder, 'package.json')
    if (!existsSync(at)) continue
    const json = JSON.parse(readFileSync(at, 'utf8'))
    if (json.name !== undefined && json.version !== undefined) return { folder, name: json.name, version: json.version, json }
  }
  throw new Error(`no package.json above ${file}`)
}

function licenceOf ({ json }) {
  return String(json.license?.type ?? json.license ?? (json.licenses ?? []).map(l => l.type).join(' OR ')) || 'unknown'
}

export function isAllowed (expression) {
  return expression.replace(/^\(|\)$/g, '').split(' OR ').some(choice => choice.split(' AND ').every(one => ALLOWED.has(one.trim())))
}

const textsOf = folder => readdirSync(folder).filter(name => TEXT_FILE.test(name)).sort().map(name => readFileSync(path.join(folder, name), 'utf8').trim())

const known = name => readFileSync(new URL(`licence-texts/${name}.txt`, import.meta.url), 'utf8').trim()

/** For a package that brings no text: Apache's is the same for everybody and stands at the end; another we have to know. */
function textFor (title, name, licence) {
  if (/\bApache-2\.0\b/.test(licence)) return `Used under the Apache License 2.0, whose text stands at the end of this file.`
  if (existsSync(new URL(`licence-texts/${name}.txt`, import.meta.url))) return known(name)
  throw new Error(`${title} is bundled and brings no licence text: find it and add it as tools/bundle/licence-texts/${name}.txt`)
}

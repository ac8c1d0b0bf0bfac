import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'

const sha256 = text => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/**
 * web/index.html with `<link rel="stylesheet" href="x.css">` and `<script src="x.ts">` put in place -> dist/page.html, and the
 * hashes of what was put in -> dist/page.json `{ scriptHashes, styleHashes }`, ready for a Content-Security-Policy.
 * @returns names of the files in dist that the service needs beside it; none for a tool without a page
 */
export async function bundlePage (folder, dist) {
  const web = path.join(folder, 'web')
  if (!existsSync(path.join(web, 'index.html'))) return { files: [], metafiles: [] }
  const metafiles = []
  const hashes = { scriptHashes: [], styleHashes: [] }
  const bundle = async file => {
    const result = await build({
      entryPoints: [path.join(web, file)],
      bundle: true, minify: true, write: false, metafile: true, outdir: web, legalComments: 'none', logLevel: 'warning',
      platform: 'browser', target: ['chrome109', 'firefox102', 'safari15'], format: 'iife', charset: 'utf8',
    })
    metafiles.push(result.metafile)
    const [output, ...others] = result.outputFiles
    if (others.length > 0) throw new Error(`web/${file} builds more than one file`)
    return output.text.trim()
  }
  let html = await readFile(path.join(web, 'index.html'), 'utf8')
  html = await replaceAsync(html, /<link rel="stylesheet" href="([^"]+)">/g, async file => {
    const css = await bundle(file)
    hashes.styleHashes.push(sha256(css))
    return `<style>${css}</style>`
  })
  html = await replaceAsync(html, /<script (?:type="module" )?src="([^"]+)"><\/script>/g, async file => {
    const js = (await bundle(file)).replaceAll('</script', '<\\/script') // inside strings and regular expressions only
    hashes.scriptHashes.push(sha256(js))
    return `<script>${js}</script>`
  })
  await writeFile(path.join(dist, 'page.html'), html)
  await writeFile(path.join(dist, 'page.json'), `${JSON.stringify(hashes)}\n`)
  return { files: ['page.html', 'page.json'], metafiles }
}

async function replaceAsync (text, pattern, replace) {
  const parts = await Promise.all([...text.matchAll(pattern)].map(m => replace(m[1])))
  return text.replace(pattern, () => parts.shift())
}

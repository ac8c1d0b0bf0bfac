import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const replacement = name => fileURLToPath(new URL(`replacements/${name}.js`, import.meta.url))

/**
 * What every bundle for node shares. classic-level stays outside: it finds its native file beside its own package.
 * The banner: CommonJS packages inside an ES module still call `require` for node's own modules.
 */
export const nodeBundle = manifest => ({
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  minify: true,
  legalComments: 'none', // THIRD_PARTY_LICENSES.txt holds the whole texts
  metafile: true,
  logLevel: 'warning',
  alias: { 'string-width': replacement('string-width'), 'truncate-utf8-bytes': replacement('truncate-utf8-bytes') },
  external: Object.keys(manifest.dependencies ?? {}),
  banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
})

/** @returns the absolute path of a module as the package in `folder` would import it, or undefined when there is none */
export function resolveFrom (folder, specifier) {
  try {
    return createRequire(`${folder}/package.json`).resolve(specifier)
  } catch (e) {
    if (e.code === 'MODULE_NOT_FOUND' || e.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined
    throw e
  }
}

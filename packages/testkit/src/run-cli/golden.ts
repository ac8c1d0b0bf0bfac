import { mkdir, readFile, writeFile } from 'node:fs/promises'

/**
 * What the golden file `name` beside the test holds; one file for each scenario, reviewed like code.
 * With UPDATE_GOLDEN=1 the file is written from `got` first.
 * @param here `import.meta.url` of the test
 */
export async function golden (here: string, name: string, got: string): Promise<string> {
  const file = new URL(`./golden/${name}.txt`, here)
  if (process.env['UPDATE_GOLDEN'] === '1') {
    await mkdir(new URL('.', file), { recursive: true })
    await writeFile(file, got)
  }
  return await readFile(file, 'utf8')
}

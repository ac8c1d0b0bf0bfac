import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

export interface SampleService {
  readonly name: string
  readonly build?: number
  readonly needs?: readonly string[]
  readonly protocols?: readonly string[]
  /** Where it throws. */
  readonly fails?: 'import' | 'start' | 'call' | 'stop'
  /** Its start never ends. */
  readonly hangs?: boolean
  /** Statements that run inside `start (scope)`, after the methods are registered. */
  readonly body?: string
}

/**
 * Writes a service as a tool's build would: `service.js` without any import, and `service.json`. It answers `<name>.echo` with its
 * params, `<name>.where` with its build and data folder, and echoes bytes on `/ipkit/<name>/1.0.0`.
 * @returns the path of service.json
 */
export async function writeSampleService (dir: string, { name, build = 1, needs = [], protocols = [], fails, hangs = false, body = '' }: SampleService): Promise<string> {
  const fail = (where: SampleService['fails']): string => fails === where ? `throw new Error('sample failure at ${where}')` : ''
  const code = `${fail('import')}
export default {
  name: ${JSON.stringify(name)},
  contract: 1,
  async start (scope) {
    ${fail('start')}
    ${hangs ? 'await new Promise(() => {})' : ''}
    scope.rpc('${name}.echo', async params => { ${fail('call')}; return { kind: 'result', value: params } })
    scope.rpc('${name}.where', async () => ({ kind: 'result', value: { build: ${build}, dataDir: scope.dataDir } }))
    await scope.net.handle('/ipkit/${name}/1.0.0', async channel => { for await (const chunk of channel.source) await channel.write(chunk) }, { maxStreams: 16, maxStreamsPerPeer: 4 })
    ${body}
    return { async [Symbol.asyncDispose] () { ${fail('stop')} } }
  },
}
`
  await mkdir(dir, { recursive: true })
  await writeFile(path.join(dir, 'service.js'), code, { mode: 0o644 })
  const file = path.join(dir, 'service.json')
  const files = { 'service.js': createHash('sha256').update(code).digest('hex') }
  await writeFile(file, `${JSON.stringify({ name, build, contract: 1, needs, protocols, entry: 'service.js', files }, undefined, 2)}\n`, { mode: 0o644 })
  return file
}

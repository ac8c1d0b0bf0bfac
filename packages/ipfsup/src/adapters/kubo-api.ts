import { request } from 'node:http'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { API_MS } from '../domain/install-limits.ts'

const MAX_ADDRESS_BYTES = 2048

/** Where the daemon of a repo serves its API: its `api` file, which lies after a crash. @returns undefined where it says nothing we understand */
export async function apiOf (repo: string): Promise<{ readonly address: string, readonly to: { readonly host: string, readonly port: string } | { readonly socketPath: string } } | undefined> {
  const address = (await readFile(path.join(repo, 'api'), 'utf8').catch(() => '')).slice(0, MAX_ADDRESS_BYTES).trim()
  const [, host, port] = /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(?:\/https?)?$/.exec(address) ?? []
  if (host !== undefined && port !== undefined) return { address, to: { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port } }
  const [, socketPath] = /^\/unix(\/.+)$/.exec(address) ?? []
  return socketPath === undefined ? undefined : { address, to: { socketPath } }
}

/** Whether a daemon answers there. One that takes the call and says nothing, or wants to know who calls, counts; another program does not. */
export async function apiAnswers (to: { readonly host: string, readonly port: string } | { readonly socketPath: string }, limitMs = API_MS): Promise<boolean> {
  return await new Promise<boolean>(resolve => {
    let connected = false
    const req = request({ ...to, method: 'POST', path: '/api/v0/version', agent: false, timeout: limitMs }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { text = (text + chunk).slice(0, 4096) })
        .on('end', () => { resolve(response.statusCode === 401 || response.statusCode === 403 || (response.statusCode === 200 && text.includes('"Version"'))) })
        .on('error', () => { resolve(false) })
    })
    req.on('socket', socket => { socket.once('connect', () => { connected = true }) })
      .on('timeout', () => { resolve(connected); req.destroy() })
      .on('error', () => { resolve(false) })
      .end()
  })
}

import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import { callIpnsup, ipnsupRpc } from '../rpc.ts'

export interface ServeArgs { readonly http: string | undefined, readonly stop: boolean }

const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/

/** `ipnsup serve`: the node serves records over HTTP, also after the command and after a restart, until `--stop`. */
export async function serve (io: Io, args: ServeArgs): Promise<Outcome> {
  if (args.stop) {
    if (args.http !== undefined) throw new AppError('USAGE', '--stop and --http do not go together', { exit: 'usage', hints: ['leave one of the two out'] })
    const { served } = await callIpnsup(io.node, ipnsupRpc.unserve, {})
    return document({ urls: [], served }, served ? 'no longer served over HTTP' : 'nothing was served over HTTP')
  }
  const { urls } = await callIpnsup(io.node, ipnsupRpc.serve, { http: checkAddress(args.http) })
  io.report.note("the node serves records there until 'ipnsup serve --stop'")
  return document({ urls }, urls.join('\n'))
}

function checkAddress (text: string | undefined): string | null {
  if (text === undefined) return null
  const port = ADDRESS.exec(text)?.[1]
  if (port === undefined || Number(port) > 65_535) throw new AppError('USAGE', `--http: '${text.slice(0, 80)}' is not <ip>:<port>`, { exit: 'usage', hints: ['write it like 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080'] })
  return text
}

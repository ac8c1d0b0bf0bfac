import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import type { IpnsupDeps } from './deps.ts'

/** What a person names as a place. @param given each a peer (its id, a contact, a multiaddr) or an http(s) URL @returns as the service takes it @throws AppError CONTACT_UNKNOWN, ADDRESS_INVALID */
export async function findPlaces (deps: IpnsupDeps, io: Io, given: readonly string[]): Promise<string[][]> {
  return await Promise.all(given.map(async text => isUrl(text) ? [checkUrl(text)] : [...await deps.addressesOf(io, text)]))
}

const isUrl = (text: string): boolean => /^[a-z][a-z+.-]*:\/\//i.test(text)

function checkUrl (text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const hints = ['it looks like http://192.168.1.7:8080']
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new AppError('ADDRESS_INVALID', `'${text.slice(0, 80)}' is no http(s) URL`, { exit: 'usage', hints })
  if (url.username !== '' || url.password !== '') throw new AppError('ADDRESS_INVALID', `the URL of ${url.host} has a user or password in it, which are not sent`, { exit: 'usage', hints })
  return text
}

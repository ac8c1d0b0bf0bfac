import { AppError } from '@ipkit/core/errors/app-error'
import { parseName } from '@ipkit/core/names/ipns-name'
import { isDomain } from '../domain/domain-name.ts'
import { checkKeyName } from './check-key-name.ts'
import { isKeyText, MAX_KEY_CHARACTERS } from './find-name.ts'

/** That a new key can be asked for by what it is called: commands take IPNS names and names of DNS in the same place. @throws AppError KEY_NAME_INVALID */
export function checkNewKeyName (key: string): void {
  checkKeyName(key)
  const invalid = (message: string, hint: string): AppError => new AppError('KEY_NAME_INVALID', message, { exit: 'usage', hints: [hint] })
  if (isName(key)) throw invalid(`a key called '${key}' would be taken for the IPNS name`, 'call it something else, such as blog')
  if (!isKeyText(key)) throw invalid(`the key name '${key}' has ${key.length} characters; the limit is ${MAX_KEY_CHARACTERS}`, 'call it something shorter')
  if (isDomain(key)) throw invalid(`a key called '${key}' would be taken for a name of DNS`, `leave the dots out: ${key.replaceAll('.', '-')}`)
}

function isName (text: string): boolean {
  try {
    parseName(text)
    return true
  } catch {
    return false
  }
}

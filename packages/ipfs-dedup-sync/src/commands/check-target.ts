import { AppError } from '@ipkit/core/errors/app-error'

/** As the node takes it: it alone knows what is called how. @throws AppError TARGET_UNKNOWN */
export function checkTarget (text: string): string {
  if (text.length > 0 && text.length <= 512) return text
  throw new AppError('TARGET_UNKNOWN', text === '' ? 'nothing is named' : `'${text.slice(0, 80)}…' is too long for a root or a name`, { exit: 'usage', hints: ['a root looks like bafy… or bafk…, a name like k51…'] })
}

import { AppError } from '@ipkit/core/errors/app-error'

const MAX_UINT64 = (1n << 64n) - 1n

/** 64 bits in decimal digits. @param what names the value, for the message @throws AppError BAD_VALUE */
export function parseUint64 (text: string, what: string): bigint {
  const n = BigInt(text)
  if (n > MAX_UINT64) throw new AppError('BAD_VALUE', `${what} is ${text}; it must be from 0 to ${MAX_UINT64}`, { exit: 'usage' })
  return n
}

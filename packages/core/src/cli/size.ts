import { AppError } from '../errors/app-error.ts'

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40, k: 1e3, m: 1e6, g: 1e9, t: 1e12,
}

/** '512', '10MB', '1.5 GiB' -> bytes; MB counts in thousands, MiB in 1024s. @throws AppError USAGE */
export function parseSize (raw: string, label: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]{0,3})$/iu.exec(raw)
  const unit = match === null ? undefined : UNIT_BYTES[match[2]!.toLowerCase()]
  const bytes = match === null || unit === undefined ? NaN : Math.round(Number(match[1]) * unit)
  if (!Number.isSafeInteger(bytes)) throw new AppError('USAGE', `${label}: '${raw}' is not a size`, { exit: 'usage', hints: ['write it like 512, 10MB or 1.5GiB'] })
  return bytes
}

/** Three significant digits, thousands: '0 B', '999 B', '1.23 kB', '45.6 MB', '789 GB'. */
export function formatBytes (bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit++ }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${units[unit]}`
}

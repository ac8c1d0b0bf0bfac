import { AppError } from '@ipkit/core/errors/app-error'

/** An operating system and a processor, in the words of the dist: `linux`, `amd64`. */
export interface Platform { readonly os: string, readonly arch: string }

const OS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', freebsd: 'freebsd', openbsd: 'openbsd', win32: 'windows' }
const ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386', riscv64: 'riscv64' }

/** The folder of a release below its version: `linux-amd64`. */
export const architectureOf = ({ os, arch }: Platform): string => `${os}-${arch}`

/** @param os `process.platform` @param arch `process.arch` @throws AppError PLATFORM_UNSUPPORTED */
export function platformOf (os: string, arch: string): Platform {
  const known = { os: OS[os], arch: ARCH[arch] }
  if (known.os === undefined || known.arch === undefined || known.os === 'windows') {
    throw new AppError('PLATFORM_UNSUPPORTED', known.os === 'windows' ? 'Windows is not supported yet' : `there are no builds for ${os} on ${arch}`, { hints: known.os === 'windows' ? ['run it inside WSL'] : ['build it from source: github.com/ipfs/kubo'] })
  }
  return { os: known.os, arch: known.arch }
}

import { compareSemver, type Version } from './version.ts'

/** The version of the repo that a Kubo reads, by the first release that has it. Highest first. */
const FIRST_WITH: ReadonlyArray<readonly [semver: string, repoVersion: number]> = [
  ['0.38.0-0', 18], ['0.37.0-0', 17], ['0.30.0-0', 16], ['0.23.0-0', 15], ['0.21.0-0', 14], ['0.18.0-0', 13], ['0.12.0-0', 12],
]

/** Asked only where a release did not say it of itself. @returns undefined where nobody knows: releases before 0.12 */
export function repoVersionByTable (version: Version): number | undefined {
  return version.lang === 'go' ? FIRST_WITH.find(([first]) => compareSemver(version.semver, first) >= 0)?.[1] : undefined
}

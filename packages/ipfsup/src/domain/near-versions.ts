import { compareSemver, isPrerelease, sameVersion, type Version } from './version.ts'

/**
 * What exists around a version that does not: at most two below and two above it, lowest first. Prereleases only beside a prerelease.
 * @param all in any order, other implementations among them
 */
export function nearVersions (wanted: Version, all: readonly Version[]): Version[] {
  const candidates = all
    .filter(v => v.lang === wanted.lang && (isPrerelease(wanted) || !isPrerelease(v)) && !sameVersion(v, wanted))
    .sort((a, b) => compareSemver(a.semver, b.semver))
  const above = candidates.findIndex(v => compareSemver(v.semver, wanted.semver) > 0)
  const at = above === -1 ? candidates.length : above
  return candidates.slice(Math.max(0, at - 2), at + 2)
}

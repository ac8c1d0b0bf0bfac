import { stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'

/**
 * What lies beside the repo is run, and what is written there goes through links that its owner may have put there. IPFS_PATH may name the repo
 * of another user, of a service say: its programs are not this user's, who may be root.
 * @param releases `$IPFS_PATH/releases`; neither of the two need exist; root's are for everybody
 * @throws AppError RELEASES_NOT_OURS; exit refused
 */
export async function checkOwnReleases (releases: string, euid: number): Promise<void> {
  for (const folder of [path.dirname(releases), releases]) {
    const { uid = euid } = await stat(folder).catch(() => undefined) ?? {} // what cannot be looked at cannot be used either
    if (uid === euid || uid === 0) continue
    throw new AppError('RELEASES_NOT_OURS', `${folder} belongs to user ${uid}, this process runs as user ${euid}: programs there are neither run nor installed`, { exit: 'refused', hints: [`run it as its owner: sudo -u '#${uid}' ...`, 'or name a folder of your own: IPFS_PATH=DIR'] })
  }
}

import type { Io } from '@ipkit/core/cli/io'
import type { NodeControl } from '@ipkit/core/cli/node-control'
import type { Auto } from '../domain/auto.ts'
import type { Doctor } from '../domain/doctor.ts'
import type { HomeState } from '../domain/home-state.ts'
import type { Installer } from '../domain/install-release.ts'
import type { IpfsRepo } from '../domain/ipfs-repo.ts'
import type { TransportName } from '../domain/origin.ts'
import type { PinFiles } from '../domain/pin-file.ts'
import type { Place, Settings } from '../domain/place.ts'
import type { Programs } from '../domain/programs.ts'
import type { ReleaseStore } from '../domain/release-store.ts'
import type { LatestSource } from '../domain/resolve-version.ts'
import type { Setup } from '../domain/setup.ts'

/** The real things behind the commands; each is opened by the command that needs it. */
export interface IpfsupDeps {
  place(io: Io): Place
  /** @throws AppError BAD_CONFIG, BAD_CONFIG_VALUE; exit usage */
  settings(io: Io): Promise<Settings>
  state(io: Io): Promise<HomeState>
  pins(io: Io): Promise<PinFiles>
  releases(io: Io): Promise<ReleaseStore>
  repo(io: Io): Promise<IpfsRepo>
  /** @param transport who is asked; auto: over ipfs where nobody answers over https */
  latest(io: Io, transport: TransportName | 'auto'): Promise<LatestSource>
  installer(io: Io): Promise<Installer>
  programs(io: Io): Promise<Programs>
  setup(io: Io): Promise<Setup>
  auto(io: Io): Promise<Auto>
  doctor(io: Io): Promise<Doctor>
  nodeControl(io: Io): Promise<NodeControl>
}

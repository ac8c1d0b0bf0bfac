import type { Io } from '@ipkit/core/cli/io'
import type { Autostart } from '../domain/autostart.ts'
import type { ContactBook } from '../domain/contact-book.ts'
import type { DoctorProbes } from '../domain/doctor.ts'
import type { BackupStore } from '../domain/home-backup.ts'
import type { HomeIdentity } from '../domain/home-identity.ts'
import type { NodeControl } from '../domain/node-control.ts'
import type { NodeLogFile } from '../domain/node-log.ts'
import type { Settings } from '../domain/settings.ts'

/** The real things behind `ipkit`'s commands. Each is opened by the command that needs it, for the home that its flags name. */
export interface IpkitDeps {
  node(io: Io): Promise<NodeControl>
  settings(io: Io): Promise<Settings>
  contacts(io: Io): Promise<ContactBook>
  identity(io: Io): Promise<HomeIdentity>
  log(io: Io): Promise<NodeLogFile>
  doctor(io: Io): Promise<DoctorProbes>
  autostart(io: Io): Promise<Autostart>
  backup(io: Io): Promise<BackupStore>
}

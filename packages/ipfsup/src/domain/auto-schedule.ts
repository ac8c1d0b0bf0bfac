/** How the system's scheduler is asked to look for updates: what is written, and what it is told. Pure. */
import { launchdPlist, systemdQuoted, systemdText, systemdWord } from '@ipkit/core/service-manager/unit-text'

export interface AutoRun {
  /** Absolute path of the Node.js binary. */
  readonly node: string
  /** Absolute path of ipfsup's own start. */
  readonly script: string
  /** `Place.home` and `Place.ipfsPath`, absolute. */
  readonly home: string
  readonly ipfsPath: string
}

export interface AutoSchedule {
  readonly scheduler: 'systemd' | 'launchd'
  /** Which of `files` it is that turns it on. */
  readonly file: string
  readonly files: ReadonlyArray<{ readonly file: string, readonly content: string }>
  /** Commands after writing the files, and before removing them. */
  readonly enable: ReadonlyArray<readonly string[]>
  readonly disable: ReadonlyArray<readonly string[]>
  /** After the files are gone. */
  readonly afterwards: ReadonlyArray<readonly string[]>
}

/** 'ipfsup auto run' itself looks at most once a day. Asked this often, a machine that is on for a part of the day does so daily. */
const EVERY_HOURS = 6

/** @param unitFolder where systemd looks for a user's units @param unitName without a suffix; two homes of one user have two names */
export function systemdSchedule (run: AutoRun, unitFolder: string, unitName: string): AutoSchedule {
  const timer = `${unitName}.timer`
  const head = `# Written by 'ipfsup auto on'; 'ipfsup auto off' removes it.\n[Unit]\nDescription=ipfsup looks for a newer IPFS (${systemdText(run.home)})\n`
  const service = `${head}
[Service]
Type=oneshot
ExecStart=${wordsOf(run).map(systemdWord).join(' ')}
${Object.entries(environmentOf(run)).map(([name, value]) => `Environment=${systemdQuoted(`${name}=${value}`)}\n`).join('')}UMask=0077
Nice=10
`
  const timing = `${head}
[Timer]
OnCalendar=0/${EVERY_HOURS}:00
# not everybody at the same minute
RandomizedDelaySec=${EVERY_HOURS}h
Persistent=true

[Install]
WantedBy=timers.target
`
  return {
    scheduler: 'systemd',
    file: `${unitFolder}/${timer}`,
    files: [{ file: `${unitFolder}/${unitName}.service`, content: service }, { file: `${unitFolder}/${timer}`, content: timing }],
    enable: [['systemctl', '--user', 'daemon-reload'], ['systemctl', '--user', 'enable', '--now', timer]],
    disable: [['systemctl', '--user', 'disable', '--now', timer]],
    afterwards: [['systemctl', '--user', 'daemon-reload']],
  }
}

/** @param agentFolder where launchd looks for a user's agents */
export function launchdSchedule (run: AutoRun, agentFolder: string, label: string, uid: number): AutoSchedule {
  const file = `${agentFolder}/${label}.plist`
  const keys = `  <key>StartInterval</key>\n  <integer>${EVERY_HOURS * 3600}</integer>\n  <key>ProcessType</key>\n  <string>Background</string>\n`
  return {
    scheduler: 'launchd',
    file,
    files: [{ file, content: launchdPlist({ writtenBy: 'ipfsup auto on', removedBy: 'ipfsup auto off', label, words: wordsOf(run), environment: environmentOf(run), keys }) }],
    enable: [['launchctl', 'bootstrap', `gui/${uid}`, file]],
    disable: [['launchctl', 'bootout', `gui/${uid}/${label}`]],
    afterwards: [],
  }
}

const wordsOf = ({ node, script }: AutoRun): readonly string[] => [node, script, 'auto', 'run']
const environmentOf = ({ home, ipfsPath }: AutoRun): Readonly<Record<string, string>> => ({ IPFSUP_HOME: home, IPFS_PATH: ipfsPath })

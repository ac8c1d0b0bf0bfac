/** How a node comes back after a reboot: what is written, and what the system's service manager is asked. Pure. */
import type { RunServiceManager } from '@ipkit/core/service-manager/run-service-manager'
import { launchdPlist, systemdQuoted, systemdText, systemdWord } from '@ipkit/core/service-manager/unit-text'

export interface AutostartNode {
  /** Absolute path of the Node.js binary. */
  readonly execPath: string
  /** Absolute path of node-main.js. */
  readonly nodeMain: string
  /** Absolute. */
  readonly home: string
  /** File with the passphrase of the identity, when one is used. */
  readonly passphraseFile: string | undefined
}

export interface AutostartPlan {
  readonly manager: 'systemd' | 'launchd'
  /** Where it goes, absolute. */
  readonly file: string
  readonly content: string
  /** Commands after writing the file, and before removing it. */
  readonly enable: ReadonlyArray<readonly string[]>
  readonly disable: ReadonlyArray<readonly string[]>
  /** After the file is gone. */
  readonly afterwards: ReadonlyArray<readonly string[]>
}

export interface Autostart {
  readonly plan: AutostartPlan
  /** What stands in the file now; undefined when there is none. */
  current(): Promise<string | undefined>
  write(): Promise<void>
  remove(): Promise<void>
  readonly run: RunServiceManager
}

/** @param unitName without the suffix; two homes of one user have two names */
export function systemdPlan (node: AutostartNode, unitFolder: string, unitName: string): AutostartPlan {
  const unit = `${unitName}.service`
  const passphrase = node.passphraseFile === undefined ? '' : `Environment=${systemdQuoted(`IPKIT_PASSPHRASE_FILE=${node.passphraseFile}`)}\n`
  return {
    manager: 'systemd',
    file: `${unitFolder}/${unit}`,
    content: `# Written by 'ipkit autostart on'; 'ipkit autostart off' removes it.
[Unit]
Description=ipkit's shared IPFS node (${systemdText(node.home)})

[Service]
ExecStart=${[node.execPath, node.nodeMain, '--home', node.home, '--foreground'].map(systemdWord).join(' ')}
${passphrase}UMask=0077
Restart=on-failure
RestartSec=10
# 7: another process is the home's node already
RestartPreventExitStatus=7
SuccessExitStatus=7 143

[Install]
WantedBy=default.target
`,
    enable: [['systemctl', '--user', 'daemon-reload'], ['systemctl', '--user', 'enable', unit]],
    disable: [['systemctl', '--user', 'disable', unit]],
    afterwards: [['systemctl', '--user', 'daemon-reload']],
  }
}

export function launchdPlan (node: AutostartNode, agentFolder: string, label: string, uid: number): AutostartPlan {
  const file = `${agentFolder}/${label}.plist`
  return {
    manager: 'launchd',
    file,
    content: launchdPlist({
      writtenBy: 'ipkit autostart on',
      removedBy: 'ipkit autostart off',
      label,
      words: [node.execPath, node.nodeMain, '--home', node.home, '--foreground'],
      environment: node.passphraseFile === undefined ? {} : { IPKIT_PASSPHRASE_FILE: node.passphraseFile },
      keys: '  <key>RunAtLoad</key>\n  <true/>\n',
    }),
    enable: [['launchctl', 'bootstrap', `gui/${uid}`, file]],
    disable: [['launchctl', 'bootout', `gui/${uid}/${label}`]],
    afterwards: [],
  }
}

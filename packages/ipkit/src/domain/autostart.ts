/** How a node comes back after a reboot: what is written, and what the system's service manager is asked. Pure. */

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
  /** @returns 'missing' when this system has no such program; else what it said when it failed */
  run(command: readonly string[]): Promise<'ok' | 'missing' | { readonly failed: string }>
}

/** @param unitName without the suffix; two homes of one user have two names */
export function systemdPlan (node: AutostartNode, configDir: string, unitName: string): AutostartPlan {
  const unit = `${unitName}.service`
  const passphrase = node.passphraseFile === undefined ? '' : `Environment=${systemdQuoted(`IPKIT_PASSPHRASE_FILE=${node.passphraseFile}`)}\n`
  return {
    manager: 'systemd',
    file: `${configDir}/systemd/user/${unit}`,
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

export function launchdPlan (node: AutostartNode, userHome: string, label: string, uid: number): AutostartPlan {
  const file = `${userHome}/Library/LaunchAgents/${label}.plist`
  const strings = [node.execPath, node.nodeMain, '--home', node.home, '--foreground'].map(word => `    <string>${xmlText(word)}</string>`).join('\n')
  const passphrase = node.passphraseFile === undefined ? '' : `  <key>EnvironmentVariables</key>\n  <dict>\n    <key>IPKIT_PASSPHRASE_FILE</key>\n    <string>${xmlText(node.passphraseFile)}</string>\n  </dict>\n`
  return {
    manager: 'launchd',
    file,
    content: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by 'ipkit autostart on'; 'ipkit autostart off' removes it. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xmlText(label)}</string>
  <key>ProgramArguments</key>
  <array>
${strings}
  </array>
${passphrase}  <key>RunAtLoad</key>
  <true/>
  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
`,
    enable: [['launchctl', 'bootstrap', `gui/${uid}`, file]],
    disable: [['launchctl', 'bootout', `gui/${uid}/${label}`]],
    afterwards: [],
  }
}

/** One word of ExecStart=, where `$` begins a variable: systemd.service(5), "Command lines". */
export const systemdWord = (text: string): string => systemdQuoted(text).replaceAll('$', '$$$$')

/** systemd.syntax(7), "Quoting"; in Environment= a `$` means nothing. */
const systemdQuoted = (text: string): string => `"${systemdText(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

const systemdText = (text: string): string => text.replaceAll('%', '%%')

const xmlText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

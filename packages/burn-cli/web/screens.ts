/** What the page says in each state. Every word of it is here. */
import { PASSPHRASE_TRIES } from '../src/domain/limits.ts'
import type { MessageInfo } from '../src/domain/message-desk.ts'
import { durationWords, secondsWords, sizeWords, timeWords } from './plain-words.ts'
import type { Ask, Fact, Progress, Screen } from './screen.ts'

export const looking: Screen = {
  icon: 'sealed', tone: 'calm', busy: true,
  title: 'Looking for your message', lead: 'Asking the sender\'s computer whether it is still there.',
}

export const noLink: Screen = {
  icon: 'sealed', tone: 'calm',
  title: 'There is no message in this address', lead: 'Open the whole link that you were given, with everything after the # sign.',
  note: 'If you have just read a message here: it is gone now, as it should be.',
}

export const damagedLink: Screen = {
  icon: 'broken', tone: 'gone', badge: 'Nothing used up',
  title: 'This link is damaged', lead: 'A part of it is missing or was changed on the way. The message itself is untouched.',
  note: 'Copy the whole link again, from its first to its last character. Some programs cut long links off at the end of a line.',
}

export const newerLink: Screen = {
  icon: 'broken', tone: 'gone', badge: 'Nothing used up',
  title: 'This link needs a newer page', lead: 'It was made by a newer version of burn than the one that served this page, or it is damaged.',
  note: 'Ask the sender to update burn, or copy the whole link again.',
}

export function facts (info: MessageInfo, nowMs: number): Fact[] {
  const leftMs = info.expiresAtMs - nowMs
  return [
    { name: 'Size', value: sizeWords(info.sizeBytes), more: 'still encrypted' },
    { name: 'Can be opened until', value: timeWords(info.expiresAtMs, nowMs), more: leftMs > 0 ? `${durationWords(leftMs)} left` : 'time is up' },
  ]
}

export function fetching (info: MessageInfo, nowMs: number, progress: Progress): Screen {
  return {
    icon: 'fetch', tone: 'warm', badge: 'Not opened yet', busy: true,
    title: 'Your message is arriving', lead: 'It comes encrypted. You decide when it is opened.',
    facts: facts(info, nowMs), progress,
  }
}

export function waiting (info: MessageInfo, nowMs: number, resumed: boolean, wrong?: string): Screen {
  return {
    icon: 'sealed', tone: 'warm', badge: resumed ? 'Opening interrupted' : 'Not opened yet',
    title: resumed ? 'Your message is still here' : 'A message is waiting for you',
    lead: resumed ? 'You began to open it on this device, and that was interrupted. You can go on now.' : 'It has arrived on this device, still encrypted. Nothing has been opened yet.',
    facts: resumed ? facts(info, nowMs).slice(0, 1) : facts(info, nowMs), ask: ask(info, resumed, wrong), explain: !resumed,
  }
}

function ask (info: MessageInfo, resumed: boolean, wrong?: string): Ask {
  return { passphrase: info.passphrase, caution: resumed ? RESERVED : cautionFor(info), button: resumed ? 'Go on' : 'Reveal', ...(wrong === undefined ? {} : { wrong }) }
}

const RESERVED = 'It is reserved for this browser for a few minutes only. After that, nobody can open it any more.'

const STRICT = ' If the connection breaks at that moment, it is lost: the sender wanted it that strict.'

function cautionFor ({ reads, readsLeft, strict }: MessageInfo): string {
  if (readsLeft > 1) return `This message can be read ${readsLeft} more times, by anybody with this link. Revealing it uses up one of them.${strict ? STRICT : ''}`
  return `${reads === 1 ? 'This message can be read once' : 'This is the last time this message can be read'}. After you reveal it, nobody can open it again, not even you with this link.${strict ? STRICT : ''}`
}

export const WRONG_PASSPHRASE = `That is not the passphrase. Nothing was used up: try again. After ${PASSPHRASE_TRIES} wrong ones in a row it is locked for a while.`
export const WRONG_PASSPHRASE_AGAIN = 'That is not the passphrase. Nothing was lost: try again.'
export const EMPTY_PASSPHRASE = 'Type the passphrase first. The sender has it.'
export const BAD_PASSPHRASE = 'That cannot be the passphrase: it is too long.'

export function working (step: 'stretch' | 'claim' | 'decrypt', done?: number): Screen {
  const words = { stretch: 'Checking the passphrase', claim: 'Asking for the other half of the key', decrypt: 'Decrypting on this device' }
  return {
    icon: 'flame', tone: 'warm', badge: 'Opening', busy: true,
    title: 'Opening your message', lead: 'Keep this page open.',
    progress: { step: words[step], ...(done === undefined ? {} : { done }) },
  }
}

const OPENED = 'This page holds your only copy. When you close or reload it, the message is gone.'
export const TELLING = 'Telling the sender that it has arrived.'
export const TOLD = 'The sender\'s computer knows that it has arrived, and has destroyed its half of the key.'
export const TOLD_OTHERS_LEFT = 'The sender\'s computer knows that it has arrived.'
export const UNTOLD = 'The sender could not be told that it has arrived. Its computer destroys the key by itself.'

export function opened (text: string, confirmation: string): Screen {
  return {
    icon: 'open', tone: 'good', badge: 'Opened', title: 'Your message', lead: OPENED, text,
    actions: [{ id: 'copy', label: 'Copy', main: true }, { id: 'save', label: 'Save as a file' }], note: confirmation,
  }
}

export function openedFile (name: string, sizeBytes: number, saved: boolean, confirmation?: string): Screen {
  return {
    icon: 'file', tone: 'good', badge: 'Opened', title: 'You have received a file',
    lead: saved ? 'It was handed to your browser. Look into your downloads before you close this page.' : 'Save it now: this page holds your only copy.',
    facts: [{ name: 'Name', value: name }, { name: 'Size', value: sizeWords(sizeBytes) }],
    actions: [{ id: 'save', label: saved ? 'Save again' : 'Save the file', main: !saved }],
    note: confirmation ?? 'Open it only if you know who sent it. This page never opens files by itself.',
  }
}

export function unreachable (phase: 'looking' | 'fetching' | 'opening', waitSeconds: number, percent: number): Screen {
  const leads = {
    looking: 'The message is kept on the sender\'s own computer, which does not answer. It may be asleep or offline. Nothing was used up.',
    fetching: `The connection was interrupted at ${percent} percent. What has arrived is kept here, and goes on from there. Nothing was used up.`,
    opening: 'The connection was interrupted while the message was being opened. This page asks again with the same key, so keep it open.',
  }
  return {
    icon: 'away', tone: 'calm', badge: phase === 'looking' ? 'Sender offline' : 'Interrupted', busy: true,
    title: phase === 'looking' ? 'The sender cannot be reached' : 'Waiting for the sender', lead: leads[phase],
    progress: { step: 'Trying again by itself', detail: waitSeconds <= 0 ? 'now' : `in ${waitSeconds} s` },
    actions: [{ id: 'retry', label: 'Try now', main: true }],
  }
}

export function busySender (waitSeconds: number): Screen {
  return {
    icon: 'clock', tone: 'calm', badge: 'Nothing used up', busy: true,
    title: 'The sender\'s computer is busy', lead: 'Many people are asking it at once. Your message is not affected.',
    progress: { step: 'Trying again by itself', detail: waitSeconds <= 0 ? 'now' : `in ${waitSeconds} s` },
    actions: [{ id: 'retry', label: 'Try now', main: true }],
  }
}

export function locked (untilMs: number, nowMs: number): Screen {
  const over = untilMs <= nowMs
  return {
    icon: 'lock', tone: 'calm', badge: 'Locked for a while', busy: !over,
    title: 'Too many wrong passphrases', lead: `The message is still there, and locked until ${timeWords(untilMs, nowMs)}. The sender can unlock it earlier.`,
    facts: [{ name: 'Time left', value: clockWords(untilMs - nowMs) }],
    actions: [{ id: 'retry', label: 'Try again', main: over }],
    note: 'If these tries were not yours, somebody else has the link: tell the sender.',
  }
}

/** '4:09' or '23:10:04', rounded up. */
function clockWords (ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number): string => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

export type GoneReason = 'unknown' | 'claimed' | 'read' | 'unconfirmed' | 'expired' | 'revoked'

export function gone (reason: GoneReason, atMs: number | null, nowMs: number): Screen {
  const at = atMs === null ? '' : ` ${timeWords(atMs, nowMs).replace(/^(?=\d)/, 'on ')}`
  const stranger = 'If that was not you, somebody else had the link: tell the sender.'
  const another = 'If you still need it, ask the sender for a new message.'
  const words: Record<GoneReason, Pick<Screen, 'icon' | 'title' | 'lead' | 'note'>> = {
    claimed: { icon: 'ash', title: 'Somebody is opening this message', lead: `It was opened${at}, and nobody else can open it any more.`, note: stranger },
    read: { icon: 'ash', title: 'This message was read', lead: `It was read${at}, and is gone for good.`, note: stranger },
    unconfirmed: { icon: 'ash', title: 'This message was opened', lead: `It was opened${at}. Its reader never confirmed that it arrived. It is gone for good.`, note: `${stranger} ${another}` },
    expired: { icon: 'clock', title: 'This message has expired', lead: `Its time was up${at}. Its key was destroyed then, so it can never be read.`, note: another },
    revoked: { icon: 'ash', title: 'The sender took this message back', lead: `Its key was destroyed${at}, so it can never be read.`, note: another },
    unknown: { icon: 'ash', title: 'This message is not here', lead: 'The sender\'s computer does not know it. It may be gone for long, or the link belongs to another one.', note: another },
  }
  return { tone: 'gone', badge: 'Gone', ...words[reason] }
}

export function failedSender (): Screen {
  return {
    icon: 'alert', tone: 'calm', badge: 'Nothing used up',
    title: 'The sender\'s computer has a problem', lead: 'It could not write to its disk, so it released nothing. The message is still there.',
    actions: [{ id: 'retry', label: 'Try again', main: true }], note: 'Tell the sender, and try again later.',
  }
}

export function altered (claimed: boolean): Screen {
  return {
    icon: 'alert', tone: 'calm', badge: 'Not safe to open',
    title: 'This is not the message the link promises', lead: claimed
      ? 'The key that the sender\'s computer released does not open it. The sender\'s computer is faulty, or somebody altered the answer.'
      : 'It was altered on the way, or the sender\'s computer is faulty. Nothing was opened and nothing was used up.',
    actions: [{ id: 'retry', label: 'Try again', main: true }], note: 'If it happens again, ask the sender for a new message.',
  }
}

export const tooLarge: Screen = {
  icon: 'alert', tone: 'calm', badge: 'Nothing used up',
  title: 'This message is too large for a browser', lead: 'Nothing was opened. The sender can send it as a link for the burn program instead.',
}

export const strange = (what: string): Screen => ({
  icon: 'alert', tone: 'calm', badge: 'Something went wrong',
  title: 'That did not work', lead: 'The page got an answer that it did not expect. You can try again; if it was not opened yet, it is still there.',
  actions: [{ id: 'retry', label: 'Try again', main: true }], note: `For the sender: ${what}`,
})

export const FETCHING = 'Fetching the encrypted message'

export function progressDetail (doneBytes: number, totalBytes: number, bytesPerSecond: number | undefined): string {
  const amount = `${sizeWords(doneBytes)} of ${sizeWords(totalBytes)}`
  if (bytesPerSecond === undefined || bytesPerSecond <= 0) return amount
  return `${amount}, ${sizeWords(bytesPerSecond)}/s, ${secondsWords((totalBytes - doneBytes) / bytesPerSecond)}`
}

/** The topic of a name as a place. Spec: docs/protocols/ipnsup.md, "Pubsub". */
import type { ServiceScope } from '@ipkit/core/daemon/service'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { compareRecords } from '@ipkit/core/names/choose-record'
import { nameTopic, type IpnsName } from '@ipkit/core/names/ipns-name'
import { decodeRecord, type IpnsRecord } from '@ipkit/core/names/ipns-record'
import type { RecordPlace, RecordSource } from '../domain/exchange.ts'
import { CONFIRM_PAUSE_MS, MAX_CONFIRM_ASKS, MAX_LISTENERS_ASKED } from '../domain/wire-limits.ts'

export interface PubsubPlaceDeps extends Pick<ServiceScope, 'pubsub' | 'clock'> {
  /** A listener, to be asked what it has. */
  peer(peerId: string): RecordSource
}

/** Publishing tells nobody whether a message has arrived, so listeners are asked afterwards. */
export function pubsubPlace ({ pubsub, clock, peer }: PubsubPlaceDeps): RecordPlace {
  return {
    label: 'pubsub',
    async put (name, bytes, signal) {
      const topic = nameTopic(name)
      const sentTo = await pubsub.publish(topic, bytes)
      if (sentTo === 0) throw new AppError('NOBODY_LISTENS', `nobody listens to the topic of ${name.text}`, { exit: 'unreachable' })
      const record = decodeRecord(name, bytes)
      const listeners = pubsub.listeners(topic).slice(0, MAX_LISTENERS_ASKED).map(peer)
      for (let round = 0; round < MAX_CONFIRM_ASKS; round++) {
        await clock.sleep(CONFIRM_PAUSE_MS * 2 ** round, signal)
        const answers = await Promise.all(listeners.map(async listener => await hasIt(listener, name, record, signal)))
        if (answers.includes(true)) return
      }
      throw new AppError('NOT_CONFIRMED', `the record was sent to ${sentTo} listeners, and none of those that were asked has it`, { exit: 'unreachable' })
    },
  }
}

/** That one or a better one. */
async function hasIt (listener: RecordSource, name: IpnsName, record: IpnsRecord, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await listener.ask(name, signal)
    return found !== undefined && compareRecords(decodeRecord(name, found), record) >= 0
  } catch (e) {
    signal.throwIfAborted()
    if (!isAppError(e)) throw e
    return false
  }
}

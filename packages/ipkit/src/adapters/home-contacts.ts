import type { AppPaths } from '@ipkit/core/config/app-paths'
import { checkHome, ensureHome } from '@ipkit/core/config/home-check'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { AppError } from '@ipkit/core/errors/app-error'
import { addContact, removeContact, resolvePeer } from '@ipkit/core/identity/contacts'
import { readContacts, updateContacts } from '@ipkit/core/identity/contacts-file'
import type { ContactBook } from '../domain/contact-book.ts'

/** Contacts in the home's contacts.json. */
export function homeContacts (paths: AppPaths, host: HostFacts): ContactBook {
  const all: ContactBook['all'] = async () => { checkHome(paths, host); return await readContacts(paths.contacts) }
  return {
    all,
    add: async contact => {
      ensureHome(paths, host)
      const after = await updateContacts(paths.contacts, contacts => addContact(contacts, contact))
      return after.find(c => c.name === contact.name)!
    },
    remove: async name => {
      const contacts = await all()
      removeContact(contacts, name) // before the home is written to
      await updateContacts(paths.contacts, now => removeContact(now, name))
    },
    addressesOf: async peer => {
      const { addresses, name } = resolvePeer(await all(), peer)
      if (addresses.length === 0) {
        throw new AppError('CONTACT_NO_ADDRESS', `no address of ${name ?? peer} is known`, { exit: 'notFound', hints: ['give a multiaddr: ipkit connect /ip4/IP/tcp/PORT/p2p/PEER-ID'] })
      }
      return addresses
    },
  }
}

/** The address book of the home; docs/formats/contacts.md. */
export interface ContactBook {
  /** Sorted by name. @throws AppError CONTACTS_DAMAGED */
  all(): Promise<readonly KnownPeer[]>
  /** @returns the contact as it is kept @throws AppError CONTACT_EXISTS, CONTACT_INVALID, ADDRESS_INVALID */
  add(contact: KnownPeer): Promise<KnownPeer>
  /** @throws AppError CONTACT_UNKNOWN */
  remove(name: string): Promise<void>
  /**
   * Multiaddrs of one peer to dial.
   * @param peer a multiaddr, a contact's name or its peer id
   * @throws AppError CONTACT_UNKNOWN, ADDRESS_INVALID, CONTACT_NO_ADDRESS
   */
  addressesOf(peer: string): Promise<readonly string[]>
}

export interface KnownPeer {
  readonly name: string
  /** base58btc */
  readonly peerId: string
  /** Multiaddrs without /p2p. */
  readonly addresses: readonly string[]
}

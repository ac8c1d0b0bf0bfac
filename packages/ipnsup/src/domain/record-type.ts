/** Media type of a record in files and over HTTP, as registered with IANA. */
export const RECORD_TYPE = 'application/vnd.ipfs.ipns-record'

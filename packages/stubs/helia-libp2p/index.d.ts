import type { Helia } from '@helia/interface'
import type { Libp2p, ServiceMap } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'
export type DefaultLibp2pServices = ServiceMap
export type CreateLibp2pOptions<T extends ServiceMap = ServiceMap> = (Libp2pOptions<T> | { libp2p: Libp2p<T> }) & { router?: boolean }
export interface HeliaWithLibp2p<M extends ServiceMap = DefaultLibp2pServices> extends Helia { libp2p: Libp2p<M> }
export declare function withLibp2p<H extends Helia, M extends ServiceMap = ServiceMap>(helia: H, opts?: CreateLibp2pOptions<M>): H & HeliaWithLibp2p<M>
export declare function withLibp2pLight<H extends Helia, M extends ServiceMap = ServiceMap>(helia: H, opts: CreateLibp2pOptions<M>): H & HeliaWithLibp2p<M>
export declare function libp2pDefaults(): never

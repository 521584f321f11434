import { AddressList } from './address-list.js';

/** The loopback networks. */
export const LOOPBACK_NETWORKS = ['127.0.0.0/8', '::1/128'] as const;

export const loopbackAddresses = AddressList.empty.with(LOOPBACK_NETWORKS);

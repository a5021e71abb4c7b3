import type { ConnectionPoolEvents } from '../events';
import { failureOf, serverAt, type Messages } from './fields';

const closedReasons = {
  stale: 'Connection became stale because the pool was cleared',
  idle: 'Connection has been available but unused for longer than the configured max idle time',
  error: 'An error occurred while using the connection',
  poolClosed: 'Connection pool was closed',
};

const failedReasons = {
  timeout: 'Wait queue timeout elapsed without a connection becoming available',
  connectionError: 'An error occurred while trying to establish a new connection',
  poolClosed: 'Connection pool was closed',
};

/** "Connection Pool Logging". */
export const connectionMessages: Messages<ConnectionPoolEvents> = {
  connectionPoolCreated: ({ address, options }) => ({ message: 'Connection pool created', ...serverAt(address), ...options }),
  connectionPoolReady: ({ address }) => ({ message: 'Connection pool ready', ...serverAt(address) }),
  connectionPoolCleared: ({ address, serviceId }) => ({
    message: 'Connection pool cleared',
    ...serverAt(address),
    serviceId: serviceId?.toHexString(),
  }),
  connectionPoolClosed: ({ address }) => ({ message: 'Connection pool closed', ...serverAt(address) }),
  connectionCreated: ({ address, connectionId }) => ({
    message: 'Connection created',
    ...serverAt(address),
    driverConnectionId: connectionId,
  }),
  connectionReady: ({ address, connectionId, durationMS }) => ({
    message: 'Connection ready',
    ...serverAt(address),
    driverConnectionId: connectionId,
    durationMS,
  }),
  connectionClosed: ({ address, connectionId, reason, error }, context) => ({
    message: 'Connection closed',
    ...serverAt(address),
    driverConnectionId: connectionId,
    reason: closedReasons[reason],
    error: reason === 'error' && error ? failureOf(error, context) : undefined,
  }),
  connectionCheckOutStarted: ({ address }) => ({ message: 'Connection checkout started', ...serverAt(address) }),
  connectionCheckOutFailed: ({ address, reason, error, durationMS }, context) => ({
    message: 'Connection checkout failed',
    ...serverAt(address),
    reason: failedReasons[reason],
    error: reason === 'connectionError' ? failureOf(error, context) : undefined,
    durationMS,
  }),
  connectionCheckedOut: ({ address, connectionId, durationMS }) => ({
    message: 'Connection checked out',
    ...serverAt(address),
    driverConnectionId: connectionId,
    durationMS,
  }),
  connectionCheckedIn: ({ address, connectionId }) => ({
    message: 'Connection checked in',
    ...serverAt(address),
    driverConnectionId: connectionId,
  }),
};

import type { TopologyEvents } from '../sdam-events';
import { ejson } from './ejson';
import { failureOf, serverAt, type LogContext, type Messages } from './fields';

/** "SDAM Monitoring", "Log Messages". A server's description is part of its topology's, and is logged with that. */
export const topologyMessages: Messages<TopologyEvents> = {
  topologyOpening: ({ topologyId }) => ({ message: 'Starting topology monitoring', topologyId }),
  topologyClosed: ({ topologyId }) => ({ message: 'Stopped topology monitoring', topologyId }),
  topologyDescriptionChanged: ({ topologyId, previousDescription, newDescription }, { most }) => ({
    message: 'Topology description changed',
    topologyId,
    previousDescription: ejson(previousDescription, most),
    newDescription: ejson(newDescription, most),
  }),
  serverOpening: ({ topologyId, address }) => ({ message: 'Starting server monitoring', topologyId, ...serverAt(address) }),
  serverClosed: ({ topologyId, address }) => ({ message: 'Stopped server monitoring', topologyId, ...serverAt(address) }),
  serverHeartbeatStarted: (event, context) => ({ message: 'Server heartbeat started', ...heartbeat(event, context) }),
  serverHeartbeatSucceeded: (event, context) => ({
    message: 'Server heartbeat succeeded',
    ...heartbeat(event, context),
    durationMS: event.duration,
    reply: ejson(event.reply, context.most),
  }),
  serverHeartbeatFailed: (event, context) => ({
    message: 'Server heartbeat failed',
    ...heartbeat(event, context),
    durationMS: event.duration,
    failure: failureOf(event.failure, context),
  }),
};

type Heartbeat = Parameters<TopologyEvents['serverHeartbeatStarted']>[0] | Parameters<TopologyEvents['serverHeartbeatFailed']>[0] | Parameters<TopologyEvents['serverHeartbeatSucceeded']>[0];

function heartbeat({ connectionId, awaited, driverConnectionId, serverConnectionId }: Heartbeat, { topologyId }: LogContext) {
  return {
    topologyId,
    ...serverAt(connectionId),
    driverConnectionId,
    serverConnectionId: serverConnectionId === null ? undefined : Number(serverConnectionId),
    awaited,
  };
}

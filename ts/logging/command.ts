import type { CommandEvents, CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent } from '../command-events';
import { ejson } from './ejson';
import { failureOf, serverAt, type Messages } from './fields';

/** "Command Logging and Monitoring", "Log Messages". What must not be shown is not in the events either. */
export const commandMessages: Messages<CommandEvents> = {
  commandStarted: (event, { most }) => ({ message: 'Command started', ...common(event), command: ejson(event.command, most) }),
  commandSucceeded: (event, { most }) => ({
    message: 'Command succeeded',
    ...common(event),
    durationMS: event.duration,
    reply: ejson(event.reply, most),
  }),
  commandFailed: (event, context) => ({
    message: 'Command failed',
    ...common(event),
    durationMS: event.duration,
    failure: failureOf(event.failure, context),
  }),
};

function common(event: CommandStartedEvent | CommandSucceededEvent | CommandFailedEvent) {
  const { commandName, databaseName, requestId, connectionId, address, serverConnectionId, serviceId, operationId } = event;
  return {
    commandName,
    databaseName,
    requestId,
    operationId,
    driverConnectionId: connectionId,
    ...serverAt(address),
    serverConnectionId: serverConnectionId === null ? undefined : Number(serverConnectionId),
    serviceId: serviceId?.toHexString(),
  };
}

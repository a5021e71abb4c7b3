// A listener may keep events: their commands are read from memory that the core goes on writing to, beside them.

import { Binary, type CommandStartedEvent } from 'ferropool';
import { expect, it } from 'vitest';

import { onBothLanes, openClient } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

onBothLanes((lane) => {
  it('commands of kept events stay as they were sent, however many and however large others are', async () => {
    const client = openClient(stub.current.uri, { lane });
    const kept: CommandStartedEvent[] = [];
    client.on('commandStarted', (event) => kept.push(event));
    // Some thousands of bytes, some hundreds, and more than is lent for all of them together.
    const payload = (number: number): string => `${number} `.repeat(number % 100 === 0 ? 5_000 : (number % 10) * 50);
    const numbers = Array.from({ length: 1_500 }, (_, number) => number);
    for (let at = 0; at < numbers.length; at += 300) {
      await Promise.all(numbers.slice(at, at + 300).map((number) => client.db('kept').command({ echo: number, payload: payload(number) })));
    }
    const commands = kept.map(({ command }) => command).filter((command) => 'payload' in command);
    expect(commands.map(({ echo }) => Number(echo)).toSorted((one, other) => one - other)).toEqual(numbers);
    for (const command of commands) expect(command['payload']).toBe(payload(command['echo'] as number));
  });

  it('what is made of a command shares no memory with another one', async () => {
    const client = openClient(stub.current.uri, { lane });
    const kept: CommandStartedEvent[] = [];
    client.on('commandStarted', (event) => kept.push(event));
    const send = (byte: number): Promise<unknown> => client.db('kept').command({ echo: byte, bytes: new Binary(Buffer.alloc(100, byte)) });
    await Promise.all([send(1), send(2), send(3)]);
    const binaries = kept.map(({ command }) => command['bytes'] as Binary | undefined).filter((binary) => binary !== undefined);
    expect(binaries).toHaveLength(3);
    for (const { buffer } of binaries) structuredClone(buffer, { transfer: [buffer.buffer as ArrayBuffer] });
    await Promise.all([send(4), send(5), send(6)]);
    const later = kept.map(({ command }) => command).filter(({ echo }) => Number(echo) > 3);
    expect(later.map(({ bytes }) => Buffer.from((bytes as Binary).buffer).equals(Buffer.alloc(100, 4))).filter(Boolean)).toHaveLength(1);
    expect(later).toHaveLength(3);
  });
});

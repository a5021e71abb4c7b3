import { expect, it } from 'vitest';

import { runProgram } from '../support/child.js';
import { onBothLanes } from '../support/lanes.js';
import { useStub } from '../support/stub.js';

const stub = useStub();

// `runProgram` kills what does not end by itself, and then its signal is not null.
const byItself = { code: 0, signal: null, stderr: '' };

onBothLanes((lane) => {
  const client = (options = ''): string =>
    `const client = new MongoClient(${JSON.stringify(stub.current.uri)}, { lane: ${JSON.stringify(lane)}, ${options} });\n`;
  const ping = `await client.db('test').command({ ping: 1 });\n`;

  it('a process ends by itself after close()', async () => {
    const ended = await runProgram(`${client('minPoolSize: 5')}${ping}console.log(JSON.stringify(await client.close()));`);
    expect(ended).toEqual({ ...byItself, stdout: '{"drained":0,"interrupted":0,"rejected":0}\n' });
  });

  it('and where its user forgot to close', async () => {
    const ended = await runProgram(`${client('minPoolSize: 5, maxIdleTimeMS: 600000')}${ping}console.log('done');`);
    expect(ended).toEqual({ ...byItself, stdout: 'done\n' });
  });

  it('and with a client that was never used', async () => {
    expect(await runProgram(client('minPoolSize: 5'))).toEqual({ ...byItself, stdout: '' });
  });

  it('and with connections that are held, a pool that was forgotten, and listeners', async () => {
    const ended = await runProgram(`${client()}
      await client.checkOut();
      const pool = new ConnectionPool(${JSON.stringify(stub.current.address)}, { lane: ${JSON.stringify(lane)}, minPoolSize: 3 });
      pool.on('connectionReady', () => {});
      pool.ready();
      await pool.checkOut();
      console.log('done');`);
    expect(ended).toEqual({ ...byItself, stdout: 'done\n' });
  });

  it('but not while a command is in flight, or a check-out waits', async () => {
    await stub.current.control({ latencyMS: 150 });
    const ended = await runProgram(`${client('maxPoolSize: 1')}
      client.db('test').command({ ping: 1 }).then(() => console.log('first'));
      client.checkOut().then((connection) => console.log('second', connection.id));`);
    expect(ended).toEqual({ ...byItself, stdout: 'first\nsecond 1\n' });
  });

  it('nor while close() waits for a connection that is returned later', async () => {
    const ended = await runProgram(`${client()}
      const connection = await client.checkOut();
      client.close().then((closed) => console.log(closed.drained));
      setTimeout(() => connection.checkIn(), 100);`);
    expect(ended).toEqual({ ...byItself, stdout: '1\n' });
  });

  it('process.exit() ends it with operations in flight, with its code', async () => {
    await stub.current.control({ latencyMS: 60_000 });
    const ended = await runProgram(`${client('maxPoolSize: 4, connectTimeoutMS: 600000')}
      for (let index = 0; index < 32; index += 1) client.db('test').command({ ping: 1 }).catch(() => {});
      setTimeout(() => process.exit(7), 100);`);
    expect(ended).toEqual({ code: 7, signal: null, stdout: '', stderr: '' });
  });

  it('process.exit() in the middle of a load of completions', async () => {
    const ended = await runProgram(`${client('maxPoolSize: 8')}
      let replies = 0;
      const loop = async () => {
        for (;;) {
          await client.db('test').command({ ping: 1 });
          replies += 1;
          if (replies === 2000) process.exit(7);
        }
      };
      for (let index = 0; index < 32; index += 1) loop();`);
    expect(ended).toEqual({ code: 7, signal: null, stdout: '', stderr: '' });
  });

  it('an error that nobody catches ends it as it should', async () => {
    const ended = await runProgram(`${client()}
      client.db('test').command({ ping: 1 });
      client.on('connectionReady', () => {});
      setTimeout(() => { throw new Error('uncaught'); }, 50);
      setInterval(() => {}, 1000);`);
    expect(ended).toMatchObject({ code: 1, signal: null });
    expect(ended.stderr).toContain('uncaught');
  });

  it('beforeExit is emitted, and a client can be closed there', async () => {
    const ended = await runProgram(`${client('minPoolSize: 2')}${ping}
      process.once('beforeExit', async () => {
        console.log('before', client.pools()[0].state);
        await client.close();
        console.log('after', client.pools()[0].state);
      });`);
    expect(ended).toEqual({ ...byItself, stdout: 'before ready\nafter closed\n' });
  });

  it('beforeExit, and a command that keeps the process for another round', async () => {
    const ended = await runProgram(`${client()}
      process.once('beforeExit', async () => {
        ${ping}
        console.log('replied');
      });`);
    expect(ended).toEqual({ ...byItself, stdout: 'replied\n' });
  });
});

// One mongod process: started, asked until it answers, stopped, killed, started again on the same port and data.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { command } from './wire.mjs';

const host = '127.0.0.1';
const portInUse = 48; // mongod's exit code
const startTimeoutMS = 60_000;
const stopTimeoutMS = 10_000;

// Whatever way this process ends, it leaves no server and no data behind. (A SIGKILL of it is setpriv's business.)
const running = new Set();
const directories = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
});

/** Has `directory` removed when the process ends. */
export function removeAtExit(directory) {
  directories.add(directory);
}

/** Removes it now. */
export function remove(directory) {
  directories.delete(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** Starts a mongod on a free port. */
export async function startServer({ binary, dbpath, parameters = {}, args = [], tls }) {
  for (let attempt = 1; ; attempt += 1) {
    const server = new Server({ binary, dbpath, parameters, args, tls, port: await freePort() });
    try {
      await server.start();
      return server;
    } catch (error) {
      // Between asking for a free port and binding it, another process may have taken it.
      if (error.exitCode !== portInUse || attempt === 5) throw error;
    }
  }
}

async function freePort() {
  const probe = net.createServer().listen(0, host);
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

class Server {
  #binary;
  #arguments;
  #child;

  constructor({ binary, dbpath, parameters, args, tls, port }) {
    this.host = host;
    this.port = port;
    this.dbpath = dbpath;
    this.logFile = path.join(dbpath, 'mongod.log');
    this.tls = tls;
    this.credentials = undefined;
    this.#binary = binary;
    this.#arguments = [
      `--bind_ip=${host}`,
      `--port=${port}`,
      '--nounixsocket',
      `--dbpath=${dbpath}`,
      `--logpath=${this.logFile}`,
      '--logappend',
      // Several of them run beside the tests on small machines.
      '--wiredTigerCacheSizeGB=0.25',
      ...Object.entries({
        enableTestCommands: 1, // fail points
        diagnosticDataCollectionEnabled: false,
        // A primary that is told to end waits this long for its clients to notice.
        shutdownTimeoutMillisForSignaledShutdown: 100,
        ...parameters,
      }).flatMap(([name, value]) => ['--setParameter', `${name}=${value}`]),
      ...(tls ? tlsArguments(tls) : []),
      ...args,
    ];
  }

  get pid() {
    return this.#child?.pid;
  }

  get isRunning() {
    return this.#child !== undefined;
  }

  /** Runs a command on a connection of its own, authenticated if the server has a user. */
  command(database, body) {
    return command(this, database, body);
  }

  /** Spawns the process and waits until it answers a hello. */
  async start() {
    if (this.#child) throw new Error(`the mongod on port ${this.port} is running`);
    const child = spawn(...dyingWithParent(this.#binary, this.#arguments), { stdio: 'ignore' });
    await once(child, 'spawn');
    this.#child = child;
    running.add(child);
    child.once('exit', () => {
      running.delete(child);
      if (this.#child === child) this.#child = undefined;
    });
    await this.#answers(child);
  }

  async #answers(child) {
    const deadline = Date.now() + startTimeoutMS;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) throw this.#startFailed(child);
      try {
        await command({ ...this.#address, credentials: undefined }, 'admin', { hello: 1 }, 2_000);
        // Another program may own the port; ours has then ended, or is about to.
        if (child.exitCode === null && child.signalCode === null && this.#hasBound()) return;
      } catch (error) {
        if (Date.now() > deadline) {
          await this.kill();
          throw new Error(`the mongod on port ${this.port} did not answer in ${startTimeoutMS} ms`, { cause: error });
        }
      }
      await sleep(25);
    }
  }

  get #address() {
    return { host: this.host, port: this.port, tls: this.tls };
  }

  #hasBound() {
    return this.#log().includes('"Waiting for connections"');
  }

  #log() {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : '';
  }

  #startFailed(child) {
    const last = this.#log().trim().split('\n').slice(-5).join('\n');
    const error = new Error(`mongod ended while starting (${child.exitCode ?? child.signalCode}):\n${last}`);
    error.exitCode = child.exitCode;
    return error;
  }

  /** Ends it in order, or not, after ten seconds. Only ever the process that this object started. */
  async stop() {
    await this.#end('SIGTERM');
  }

  /** What a crash or a lost machine looks like to a client. */
  async kill() {
    await this.#end('SIGKILL');
  }

  /** Starts it again, ending it first if it runs, on the same port and data. */
  async restart() {
    await this.stop();
    await this.start();
  }

  async #end(signal) {
    const child = this.#child;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMS);
    await ended;
    clearTimeout(patience);
  }
}

/** A client that shows a certificate has it verified; whether it has to show one is an option. */
function tlsArguments({ caFile, certificateKeyFile, isClientCertificateRequired }) {
  return [
    '--tlsMode=requireTLS',
    `--tlsCAFile=${caFile}`,
    `--tlsCertificateKeyFile=${certificateKeyFile}`,
    ...(isClientCertificateRequired ? [] : ['--tlsAllowConnectionsWithoutCertificates']),
  ];
}

/** On Linux the kernel ends the server even when this process is killed without a chance to do it itself. */
function dyingWithParent(binary, args) {
  const setpriv = '/usr/bin/setpriv';
  return process.platform === 'linux' && existsSync(setpriv)
    ? [setpriv, ['--pdeathsig', 'KILL', '--', binary, ...args]]
    : [binary, args];
}

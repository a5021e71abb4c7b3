// A headless Chromium, spoken to in its own protocol over a pipe.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

import { findChromium } from '../../scripts/chromium.mjs';

export interface View {
  width: number;
  colorScheme: 'light' | 'dark';
}

export interface Page {
  /** The value of an expression. */
  evaluate<T>(expression: string): Promise<T>;
  /** What the console and the page's scripts complained of. */
  readonly complaints: readonly string[];
  /** What the page has loaded, itself included. */
  readonly loaded: readonly string[];
  close(): Promise<void>;
}

interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

type Listener = (message: Message) => void;

export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #replies = new Map<number, (message: Message) => void>();
  readonly #listeners = new Map<string, Listener>();
  #lastId = 0;

  private constructor(child: ChildProcess, profile: string) {
    this.#process = child;
    this.#profile = profile;
    let unread = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (unread + chunk).split('\0');
      unread = messages.pop() ?? '';
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
  }

  /** @throws ChromiumUnavailable */
  static async launch(): Promise<Browser> {
    const { program, env } = await findChromium();
    const profile = mkdtempSync(path.join(os.tmpdir(), 'ferropool-chromium-'));
    // Containers have neither its sandbox nor a /dev/shm of any size; the pages are our own.
    const quiet = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking'];
    const child = spawn(program, [...quiet, '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    await once(child, 'spawn');
    return new Browser(child, profile);
  }

  /** Opens a file's URL, and waits until it has loaded. */
  async open(url: string, { width, colorScheme }: View): Promise<Page> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = (await this.#send('Target.attachToTarget', { targetId, flatten: true })) as { sessionId: string };
    const complaints: string[] = [];
    const loaded: string[] = [];
    const whenLoaded = new Promise<void>((resolve) => {
      this.#listeners.set(sessionId, ({ method, params = {} }) => {
        if (method === 'Page.loadEventFired') resolve();
        if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') complaints.push(JSON.stringify(params));
        if (method === 'Runtime.consoleAPICalled' && params['type'] === 'error') complaints.push(JSON.stringify(params['args']));
        if (method === 'Network.requestWillBeSent') loaded.push((params['request'] as { url: string }).url);
      });
    });
    const send = (method: string, params = {}) => this.#send(method, params, sessionId);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
    await send('Emulation.setDeviceMetricsOverride', { width, height: 800, deviceScaleFactor: 1, mobile: width < 600 });
    await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: colorScheme }] });
    await send('Page.navigate', { url });
    await whenLoaded;
    return {
      complaints,
      loaded,
      evaluate: async <T>(expression: string): Promise<T> => {
        const reply = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
        if (reply['exceptionDetails']) throw new Error(JSON.stringify(reply['exceptionDetails']));
        return (reply['result'] as { value: T }).value;
      },
      close: async () => {
        this.#listeners.delete(sessionId);
        await this.#send('Target.closeTarget', { targetId });
      },
    };
  }

  async close(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = (this.#lastId += 1);
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    return new Promise((resolve, reject) => {
      this.#replies.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result ?? {});
      });
    });
  }

  #receive(message: Message): void {
    if (message.id !== undefined) {
      this.#replies.get(message.id)?.(message);
      this.#replies.delete(message.id);
    } else if (message.sessionId !== undefined) {
      this.#listeners.get(message.sessionId)?.(message);
    }
  }
}

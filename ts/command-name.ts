import type { EventDocument } from './event-record';

/** The commands whose content must not reach a listener ("Security"). */
const SENSITIVE = new Set([
  'authenticate',
  'saslstart',
  'saslcontinue',
  'getnonce',
  'createuser',
  'updateuser',
  'copydbgetnonce',
  'copydbsaslstart',
  'copydb',
]);

/** Where a document's first key begins: behind its length and its first element's type. */
const FIRST_KEY = 5;

/** The names that were seen last, each where a few of its letters say. */
const seen: (CommandName | undefined)[] = [];

/** A command's name, and what it says of the command. */
export class CommandName {
  readonly isSensitive: boolean;
  readonly isHello: boolean;

  private constructor(readonly text: string) {
    const lower = text.toLowerCase();
    this.isSensitive = SENSITIVE.has(lower);
    this.isHello = lower === 'hello' || lower === 'ismaster';
  }

  /** The name of a command: its first key. Most are compared with one that is known: that is a third of cutting a string. */
  static of({ source, offset }: EventDocument): CommandName {
    const start = offset + FIRST_KEY;
    // "find" and "findAndModify" differ in the fifth.
    const place = (source[start] as number) ^ (source[start + 4] ?? 0);
    const known = seen[place];
    if (known?.isAt(source, start)) return known;
    const name = new CommandName(source.toString('utf8', start, Math.max(start, source.indexOf(0, start))));
    seen[place] = name;
    return name;
  }

  /** Whether these bytes say it. One that is not ASCII is never found. */
  isAt(bytes: Uint8Array, start: number): boolean {
    const { text } = this;
    for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text.charCodeAt(index)) return false;
    return bytes[start + text.length] === 0;
  }
}

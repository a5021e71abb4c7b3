// The page of a run, as a browser shows it.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { page } from '../../bench/page.mjs';
import { ChromiumUnavailable, findChromium } from '../../scripts/chromium.mjs';
import { root } from '../../scripts/process.mjs';
import { Browser, type Page, type View } from '../support/browser';
import { run } from './run';

const directory = mkdtempSync(path.join(os.tmpdir(), 'ferropool-page-'));
const made = path.join(directory, 'made.html');
writeFileSync(made, page(run()));
const written = path.join(root, 'bench', 'results', 'latest.html');
const pages = [made, ...(existsSync(written) ? [written] : [])];

const views: View[] = [
  { width: 1280, colorScheme: 'light' },
  { width: 1280, colorScheme: 'dark' },
  { width: 375, colorScheme: 'light' },
  { width: 375, colorScheme: 'dark' },
];

const missing = await findChromium().then(
  () => undefined,
  (error: unknown) => {
    if (error instanceof ChromiumUnavailable) return error.message;
    throw error;
  },
);

afterAll(() => rmSync(directory, { recursive: true }));

describe.skipIf(missing !== undefined)(missing ?? 'in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await Browser.launch();
  });

  afterAll(() => browser.close());

  const inView = async (file: string, view: View, look: (page: Page) => Promise<void>) => {
    const page = await browser.open(pathToFileURL(file).href, view);
    await look(page);
    await page.close();
  };

  describe.each(pages.map((file) => [path.basename(file), file]))('%s', (_name, file) => {
    it.each(views)('fits into $width pixels, $colorScheme', (view) =>
      inView(file, view, async (page) => {
        const widest = `Math.max(...[...document.querySelectorAll('body, body *')]
          .filter((element) => !element.closest('.rows'))
          .map((element) => element.getBoundingClientRect().right))`;
        await page.evaluate(`document.querySelector('details').open = true`);
        expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(view.width);
        expect(await page.evaluate<number>(widest)).toBeLessThanOrEqual(view.width);
      }),
    );

    it.each(views)('has bars in every plot, and this package among them, $width pixels, $colorScheme', (view) =>
      inView(file, view, async (page) => {
        const plots = await page.evaluate<{ widths: number[]; fills: string[]; ground: string }[]>(`
          [...document.querySelectorAll('svg')].map((svg) => {
            const bars = [...svg.querySelectorAll('.bar')];
            return {
              widths: bars.map((bar) => bar.getBoundingClientRect().width),
              fills: bars.map((bar) => getComputedStyle(bar).fill),
              ground: getComputedStyle(svg.closest('figure')).backgroundColor,
            };
          })`);
        expect(plots.length).toBeGreaterThan(5);
        for (const { widths, fills, ground } of plots) {
          expect(widths.length).toBeGreaterThan(0);
          expect(Math.min(...widths)).toBeGreaterThan(0);
          expect(fills).not.toContain(ground);
        }
        expect(await page.evaluate<number>(`document.querySelectorAll('.bar.own').length`)).toBeGreaterThan(5);
      }),
    );

    it('follows the colours that are preferred', async () => {
      const grounds: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await inView(file, { width: 800, colorScheme }, async (page) => {
          grounds.push(await page.evaluate(`getComputedStyle(document.body).backgroundColor`));
        });
      }
      const [light = [], dark = []] = grounds.map((ground) => ground.match(/\d+/g)?.map(Number));
      expect(Math.min(...light)).toBeGreaterThan(200);
      expect(Math.max(...dark)).toBeLessThan(60);
    });

    it('complains of nothing, and loads nothing but itself', () =>
      inView(file, { width: 1280, colorScheme: 'light' }, async (page) => {
        expect(page.complaints).toEqual([]);
        expect(page.loaded.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(file).href]);
      }));
  });
});

it('shows text as it is', () => {
  expect(page(run())).toContain('A &#60;processor&#62; of some kind &#38; speed');
});

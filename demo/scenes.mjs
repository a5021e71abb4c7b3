// What happens during a run, scene after scene.

import { pause } from './pause.mjs';

/**
 * @typedef {object} Scene
 * @property {string} title
 * @property {number} weight its share of the run
 * @property {number} pauseMS how long a caller pauses between two commands, on average
 * @property {object} [faults] what the embedded server does meanwhile: fields of its command `stubControl`
 */

const steady = { title: 'steady load', pauseMS: 10 };
const burst = { title: 'a burst: nobody pauses', pauseMS: 0 };

/** @type {Scene[]} */
const anywhere = [
  { ...steady, weight: 2 },
  { ...burst, weight: 2 },
  { ...steady, weight: 1 },
];

/** @type {Scene[]} */
const embedded = [
  { ...steady, weight: 3 },
  { ...burst, weight: 3 },
  { title: 'a quiet time: who has nothing to do grows idle', pauseMS: 60, weight: 4 },
  { ...steady, title: 'the server takes 20 ms for a reply', weight: 4, faults: { latencyMS: 20 } },
  { ...burst, weight: 1 },
  { ...burst, title: 'the server is gone', weight: 1, faults: { refuse: true, closeAll: true } },
  { ...burst, title: 'the server is back', weight: 4 },
  { ...steady, weight: 3 },
];

/**
 * Plays the scenes over `seconds`, and leaves the server as it was, also when `signal` ends them early.
 *
 * @param {(scene: Scene) => void} enter called at the beginning of each
 */
export async function play({ seconds, control, signal }, enter) {
  const scenes = control ? embedded : anywhere;
  const unit = (seconds * 1000) / scenes.reduce((sum, { weight }) => sum + weight, 0);
  const started = performance.now();
  let until = 0;
  for (const scene of scenes) {
    if (signal.aborted) break;
    enter(scene);
    if (scene.faults) await control(scene.faults);
    until += scene.weight * unit;
    // From the start: what a scene takes longer, the next one has less of.
    await pause(started + until - performance.now(), signal);
    if (scene.faults) await control({ clear: true });
  }
}

// What is printed in the end, and whether it was well.

import { counted, integer, milliseconds } from './format.mjs';

/**
 * @returns {{ text: string, ok: boolean }} the summary; not ok if a command failed or a check-out is not accounted for
 */
export function summarize({ measure, server, lane, seconds, concurrency, pool: size, closed }) {
  const { checkOuts, commands } = measure.totals();
  const { pool, succeeded, failed, sentAgain, firstError } = measure;
  const refused = pool.checkOutsFailed;
  const notMade = refused.timeout + refused.connectionError + refused.poolClosed;
  const unaccounted = pool.checkOutsStarted - pool.checkedOut - notMade;
  const gone = pool.connectionsClosed;
  const latency = ({ p50, p99, max }) => `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, longest ${milliseconds(max)}`;

  const rows = [
    ['commands', `${integer(succeeded)} succeeded, ${integer(failed)} failed, ${integer(sentAgain)} sent again, ${integer(succeeded / seconds)} each second`],
    ['', latency(commands)],
    ['check-outs', `${integer(pool.checkOutsStarted)} started = ${integer(pool.checkedOut)} checked out + ${integer(notMade)} failed`],
    ['', `failed by timeout ${refused.timeout}, connectionError ${refused.connectionError}, poolClosed ${refused.poolClosed}`],
    ['', latency(checkOuts)],
    ['connections', `${integer(pool.connectionsCreated)} created, ${integer(pool.connectionsReady)} ready`],
    ['', `closed as stale ${gone.stale}, idle ${gone.idle}, error ${gone.error}, poolClosed ${gone.poolClosed}`],
    ['pool', `cleared ${counted(pool.cleared, 'time')}`],
    ['events', `${integer(measure.events)} delivered, ${integer(pool.eventsLost)} lost`],
    ['close', `${closed.drained} drained, ${closed.interrupted} interrupted, ${closed.rejected} rejected`],
  ];
  if (firstError) rows.push(['first failure', `${firstError.name}: ${firstError.message}`]);
  if (unaccounted !== 0) rows.push(['unaccounted', `${counted(unaccounted, 'check-out')} neither succeeded nor failed`]);

  const heading = `${seconds.toFixed(1)} s on ${server.name}: ${counted(concurrency, 'caller')}, at most ${counted(size, 'connection')}, lane ${lane}`;
  const body = rows.map(([name, text]) => `  ${name.padEnd(13)} ${text}`);
  return { text: ['', heading, '', ...body, ''].join('\n'), ok: failed === 0 && unaccounted === 0 };
}

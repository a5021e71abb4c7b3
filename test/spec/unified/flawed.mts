// Tests that nobody can pass who does what the specification says. Each is skipped, and this is why.

/** The reasons by the file's name and the test's description. */
const flawed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'client-side-operations-timeout/tests/runCursorCommand.json': {
    'Non-tailable cursor iteration timeoutMS is refreshed for getMore if timeoutMode is iteration - failure': 'a timeoutMS of 100 does not pass in a getMore of 60 ms (DRIVERS-2965)',
    'Tailable cursor iteration timeoutMS is refreshed for getMore - failure': 'a timeoutMS of 100 does not pass in a getMore of 60 ms (DRIVERS-2965)',
    'Tailable cursor awaitData iteration timeoutMS is refreshed for getMore - failure': 'nothing has the timeoutMS that the test expects to pass (DRIVERS-2965)',
  },
};

/** Why a test is wrong, where it is. */
export function whyFlawed(file: string, description: string): string | undefined {
  return flawed[file]?.[description];
}

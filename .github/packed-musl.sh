#!/bin/sh
# Inside an Alpine container: the packed tarball, as a user on musl gets it.
set -eu
. .github/alpine-rust.sh
node scripts/test-packed.mjs packed
